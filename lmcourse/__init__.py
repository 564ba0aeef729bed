"""Helper package of the book *Language Models: Principles and Code*."""

__version__ = "0.1.0"
