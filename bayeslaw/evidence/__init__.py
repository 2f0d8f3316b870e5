"""Whether to believe it: baselines to beat, and scores that say by how much.

Import the modules directly, e.g. ``from bayeslaw.evidence.scores import rel_acc``. Only the backtests of
bayeslaw itself need jax, and import it when they come to that.
"""
