"""From runs to a fit, and the questions one asks of it."""
