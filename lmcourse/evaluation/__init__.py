"""What a model is worth, and how sure we are."""
