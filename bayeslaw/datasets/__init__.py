"""Tables to try things on."""

from bayeslaw.datasets.simulated import simulate_finetune

__all__ = ["simulate_finetune"]
