"""Sequential measuring replayed on finished tables, every policy paying for what it looks at."""
