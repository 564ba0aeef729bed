"""The LSTM of the book on the reviews: `python -m lmcourse.weights.lstm` made it.

One layer over characters, with dropout. `lstm.json` beside this file is the recipe: the command,
the settings, seed, versions, date, seconds and what it reached on validation. It is the better of
two settings there: with `dropout` and `weight_drop` 0.2, and 4,000 steps, it was 2.0651 bits.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmcourse.models.recurrent import RecurrentConfig, RecurrentLM
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import on_reviews, stored

NAME = "lstm"
SIZE: dict[str, Any] = {
    "kind": "lstm",
    "n_layers": 1,
    "d_embedding": 64,
    "d_model": 320,
    "dropout": 0.1,
    "weight_drop": 0.1,
}
TRAINING: dict[str, Any] = {
    "steps": 5_500,
    "batch_size": 32,
    "learning_rate": 1e-2,
    "weight_decay": 0.02,
    "looks": 11,
}


def load(folder: Path | None = None) -> tuple[RecurrentLM, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: RecurrentLM(RecurrentConfig(**config)), folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    config = RecurrentConfig(len(ALPHABET), **SIZE)
    on_reviews.main(NAME, __doc__, config, RecurrentLM, TRAINING, arguments)


if __name__ == "__main__":
    main()
