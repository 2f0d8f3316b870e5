"""How far measured runs lie from what the fit says of them."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
axes = fit.plot.residuals()
axes.figure.savefig("residuals.png", bbox_inches="tight")
