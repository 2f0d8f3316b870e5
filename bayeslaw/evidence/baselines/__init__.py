"""Published point estimates that backtests compare with."""
