"""Helper package of the book *Language Models: Principles and Code*.

What chapters import:

    session      profile, seed, device and precision of a run
    claims       statements that a run must confirm
    records      numbers that a run leaves behind
    plot         the style of the figures, and recurring pictures
    data         corpora, pretrained weights: catalogue, download, splits
    text         characters, tokenizers, batches, masking
    models       language models and their parts, one a file
    training     the loop, checkpoints, the best weights
    generation   text drawn from a model
    evaluation   the score of a text, metrics, intervals and tests
    weights      longer trainings: weights, recipe and command
    exercises    checkers, one file a chapter

What runs the chapters, never imported by one: `runner` (the command `lmcourse`).
Below all of them: `errors` (unknown names) and `files` (replaced whole or not at all).
"""

__version__ = "0.1.0"
