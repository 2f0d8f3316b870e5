"""Where measured runs fall among replications of themselves: flat, if the model could have made the table."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
axes = fit.plot.posterior_predictive()
axes.figure.savefig("replications.png", bbox_inches="tight")
