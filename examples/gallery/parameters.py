"""Parameters of the law beside what the prior says of them."""

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
axes = fit.plot.parameters()
axes.figure.savefig("parameters.png", bbox_inches="tight")
