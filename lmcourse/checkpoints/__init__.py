"""Weights of longer trainings, each beside its recipe, made by ``lmcourse.longer``."""
