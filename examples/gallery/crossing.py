"""By how much one model is better than another along the size of the data, and where they cross."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
first, second = (candidate.model for candidate in fit.select(data=51_200).candidates[:2])
axes = fit.plot.crossing(first, second)
axes.figure.savefig("crossing.png", bbox_inches="tight")
