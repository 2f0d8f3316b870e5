"""``python -m bayeslaw``."""

from bayeslaw.cli.app import main

main()
