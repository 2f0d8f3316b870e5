"""Published coefficients, found again from the runs behind them."""
