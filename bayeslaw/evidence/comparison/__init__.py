"""Which law to trust on a table."""
