"""Exercise checkers of the part appendix, one file a chapter."""
