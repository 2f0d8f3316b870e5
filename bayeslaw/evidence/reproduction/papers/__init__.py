"""Papers whose numbers can be found again, one a file: each module of this package defines ``PAPER``."""
