"""All verdicts on the fit, each with its number and threshold."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
axes = fit.plot.checks()
axes.figure.savefig("checks.png", bbox_inches="tight")
