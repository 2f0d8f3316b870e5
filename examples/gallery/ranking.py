"""Which model to choose at the target: what a run of each would measure, and its odds to be the best."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
axes = fit.plot.select(at={"data": 51_200})
axes.figure.savefig("ranking.png", bbox_inches="tight")
