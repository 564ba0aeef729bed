"""Exercise checkers of the part transformer, one file a chapter."""
