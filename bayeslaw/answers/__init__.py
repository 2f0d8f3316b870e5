"""What to do: predictions, choices and parameters, computed from draws."""
