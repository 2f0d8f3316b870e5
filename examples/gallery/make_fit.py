"""The fit of all pictures here: 18 small language models, seen up to 3,200 sequences (half a minute, once)."""

import bayeslaw as bl

runs = bl.load_dataset("small-finetune").for_task("python").where("data <= 3200")
fit = bl.fit(runs, seed=0)
print(fit.status)
fit.save("fit.nc")
