"""Choose the model to fine-tune on 1.6 million examples from runs on at most 102,400; then look at what came out."""

import bayeslaw as bl

TARGET = 1_638_400

# Simulated, so that the truth is known. For your own: runs = bl.read_runs("runs.csv")
runs = bl.simulate_finetune(seed=0)

fit = bl.fit(runs.where("data <= 102400"), seed=0)
print(fit.check()[["name", "status", "value", "threshold"]].to_string(index=False))

choice = fit.select(data=TARGET)
print(choice.table()[["model", "loss_median", "loss_p05", "loss_p95", "p_best"]].to_string(index=False))
print(choice.sentence)

measured = runs.where(f"data == {TARGET}").table.set_index("model")["loss"]
print(f"Measured: {choice.recommended} reached {measured[choice.recommended]:.3f}; the best was {measured.idxmin()}.")
