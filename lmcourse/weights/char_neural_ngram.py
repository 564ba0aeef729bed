"""The longer training of the neural n-gram: `python -m lmcourse.weights.char_neural_ngram`.

Its sizes were not searched for: a network that is trained in some minutes of one core.
`char_neural_ngram.json` beside this file is the recipe: the command, the settings, seed, versions,
date, seconds and what it reached on validation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmcourse.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import on_reviews, stored

NAME = "char_neural_ngram"
SIZE: dict[str, Any] = {"order": 9, "d_hidden": 512, "dropout": 0.1}
TRAINING: dict[str, Any] = {"steps": 6_000, "batch_size": 16, "learning_rate": 8e-3, "looks": 10}


def load(folder: Path | None = None) -> tuple[NeuralNGram, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: NeuralNGram(NeuralNGramConfig(**config)), folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    config = NeuralNGramConfig(len(ALPHABET), **SIZE)
    on_reviews.main(NAME, __doc__, config, NeuralNGram, TRAINING, arguments, "fp32")


if __name__ == "__main__":
    main()
