"""Drawing from the posterior, and whether the draws can be believed."""
