"""What one fit lends another: priors made of fits, conflict with a table, and how much was borrowed."""
