"""Exercise checkers of the part background, one file a chapter."""
