"""Exercise checkers of the part ngrams, one file a chapter."""
