"""Exercise checkers of the part neural, one file a chapter."""
