"""The book's corpora and weights: what they are, where they come from, how they are split."""
