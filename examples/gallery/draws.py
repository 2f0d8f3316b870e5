"""A picture of one's own from the draws behind an answer: how much loss the choice gives away, draw by draw."""

from matplotlib import pyplot

import bayeslaw as bl

choice = bl.load("fit.nc").select(data=51_200)  # made by make_fit.py
losses = choice.draws["loss"]  # (chain, draw, model)
regret = losses.sel(model=choice.recommended) - losses.min("model")
figure, axes = pyplot.subplots()
axes.hist(regret.values.ravel(), bins=60)
axes.set(xlabel=f"loss above the best, if {choice.recommended} is chosen", ylabel="draws")
figure.savefig("draws.png")
