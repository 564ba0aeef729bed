"""Exercise checkers of the part bert, one file a chapter."""
