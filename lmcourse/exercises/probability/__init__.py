"""Exercise checkers of the part probability, one file a chapter."""
