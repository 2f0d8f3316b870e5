"""The report of a fit and its answers: one HTML file that stands alone."""
