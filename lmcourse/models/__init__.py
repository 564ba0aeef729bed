"""Language models and their parts, one a file."""
