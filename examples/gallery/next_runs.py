"""Which run to make next: what each is expected to gain, against what it costs."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
found = fit.next_runs(data=51_200)
print(found.sentence)
axes = found.plot()
axes.figure.savefig("next_runs.png", bbox_inches="tight")
