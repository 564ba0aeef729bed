"""Exercise checkers: `checking` judges, `<part>/<chapter>.py` knows the answers."""
