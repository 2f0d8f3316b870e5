"""What is believed: priors, pooling, noise and discrepancy, in one log density."""
