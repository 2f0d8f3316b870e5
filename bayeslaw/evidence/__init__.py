"""Whether to believe it: baselines to beat, and scores that say by how much.

Import the modules directly, e.g. ``from bayeslaw.evidence.scores import rel_acc``. Nothing here needs jax.
"""
