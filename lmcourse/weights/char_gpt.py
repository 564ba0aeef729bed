"""The character GPT after a longer training: `python -m lmcourse.weights.char_gpt` made it.

`char_gpt.json` beside this file is the recipe: the command, the settings, seed, versions, date,
seconds and what it reached on validation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import on_reviews, stored

NAME = "char_gpt"
SIZE: dict[str, Any] = {"n_layers": 4, "n_heads": 4, "d_model": 128, "dropout": 0.1}
TRAINING: dict[str, Any] = {
    "steps": 13_000,
    "batch_size": 16,
    "learning_rate": 3e-3,
    "weight_decay": 0.05,
    "looks": 20,
}


def load(folder: Path | None = None) -> tuple[GPT, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: GPT(GPTConfig(**config)), folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    config = GPTConfig(len(ALPHABET), **SIZE)
    on_reviews.main(NAME, __doc__, config, GPT, TRAINING, arguments)


if __name__ == "__main__":
    main()
