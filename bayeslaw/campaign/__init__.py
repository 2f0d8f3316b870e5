"""A campaign: the table, the fits and the decisions of a study in one folder."""
