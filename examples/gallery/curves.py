"""Learning curves with 50% and 90% bands, out to 16 times the data that were seen."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
axes = fit.plot.curves(to=51_200)
axes.figure.savefig("curves.png", bbox_inches="tight")
