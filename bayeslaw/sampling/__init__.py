"""Sampling the posterior with NUTS, and convergence diagnostics."""
