"""Whether to believe it: baselines to beat, and scores that say by how much.

Import the modules directly, e.g. ``from bayeslaw.evidence.scores import rel_acc``. Scores and baselines
do without jax; what asks a posterior, or fits laws to compare them, imports it.
"""
