"""Weights of longer trainings, each beside its recipe and the command that makes it."""
