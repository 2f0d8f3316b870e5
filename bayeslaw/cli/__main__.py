"""``python -m bayeslaw.cli``."""

from bayeslaw.cli.app import main

main()
