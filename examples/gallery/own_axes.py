"""Two pictures side by side on axes of one's own."""

from matplotlib import pyplot

import bayeslaw as bl

fit = bl.load("fit.nc")  # made by make_fit.py
figure, (left, right) = pyplot.subplots(1, 2, figsize=(16, 6), layout="constrained")
fit.plot.curves(left, to=51_200)
fit.plot.residuals(right)
figure.savefig("own_axes.png")
