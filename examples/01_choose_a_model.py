"""Choose the model to fine-tune on 51,200 sequences from runs on at most 3,200; then look at what came out."""

import bayeslaw as bl
from bayeslaw.evidence.hindsight import hide_largest

# 18 small language models, measured up to the target. For your own: shown = bl.read_runs("runs.csv")
hidden = hide_largest(bl.load_dataset("small-finetune").for_task("python"), beyond=16)
shown = hidden.seen

fit = bl.fit(shown, seed=0)
print(fit.check()[["name", "status", "value", "threshold"]].to_string(index=False))

choice = fit.select(data=51_200)
print(choice.sentence)

# What came out: the mean of the runs at the target, beside what was said of one new run there.
table = choice.to_frame().set_index("model")
table["measured"] = table.index.map(hidden.measured)
print(table[["loss_median", "loss_p05", "loss_p95", "measured", "p_best"]].round(3).to_string())

# The usual baseline extrapolates the last straight piece of log loss against log size.
found = hidden.outcome(choice)
print(f"{found.inside_90} of {found.models} measured losses lie inside their 90% interval.")
print(f"Root mean squared error of log loss: {found.rmsle:.3f}; of accept-then-stop: {found.rmsle_baseline:.3f}.")
print(f"Regret of the choice: {found.regret:.3f}; of accept-then-stop's: {found.regret_baseline:.3f}.")
