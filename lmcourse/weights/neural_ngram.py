"""The longest neural n-gram of the book: `python -m lmcourse.weights.neural_ngram` made it.

Its sizes are the best on validation of those in results/sweeps (benchmarks/sweep_neural_ngram.py).
`neural_ngram.json` beside this file is the recipe: the command, the settings, seed, versions, date,
seconds and what it reached on validation.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmcourse import session
from lmcourse.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import on_reviews, stored

NAME = "neural_ngram"
SIZE: dict[str, Any] = {"order": 10, "d_hidden": 2_048, "dropout": 0.4}
TRAINING: dict[str, Any] = {"steps": 18_000, "batch_size": 32, "learning_rate": 2e-3, "looks": 20}


def load(folder: Path | None = None) -> tuple[NeuralNGram, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: NeuralNGram(NeuralNGramConfig(**config)), folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = stored.command_line(NAME, __doc__, TRAINING["steps"])
    parser.add_argument("--profile", choices=("cpu", "gpu"), default="gpu")
    for name, value in SIZE.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    given = parser.parse_args(arguments)
    size = {name: getattr(given, name) for name in SIZE}
    command = f"python -m lmcourse.weights.{NAME} --profile {given.profile} --seed {given.seed} "
    command += f"--steps {given.steps} " + " ".join(f"--{name} {size[name]}" for name in SIZE)
    config = NeuralNGramConfig(len(ALPHABET), **size)
    run = replace(session.start(given.profile, given.seed), precision="fp32")
    on_reviews.train(
        NAME,
        command,
        NeuralNGram(config),
        config,
        training={**TRAINING, "steps": given.steps},
        run=run,
        folder=given.folder,
        progress=given.progress,
    )


if __name__ == "__main__":
    main()
