"""Exercise checkers of the part pretraining, one file a chapter."""
