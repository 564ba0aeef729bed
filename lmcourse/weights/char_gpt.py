"""The character GPT after a longer training: `python -m lmcourse.weights.char_gpt` made it.

`char_gpt.json` beside this file is the recipe: the command, the settings, seed, versions, date,
seconds and what it reached on validation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmcourse import session
from lmcourse.evaluation.scoring import n_predicted
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import train_language_model
from lmcourse.weights import on_reviews, stored

NAME = "char_gpt"
SIZE: dict[str, Any] = {"n_layers": 4, "n_heads": 4, "d_model": 128, "dropout": 0.1}
TRAINING: dict[str, Any] = {
    "steps": 13_000,
    "batch_size": 16,
    "learning_rate": 3e-3,
    "weight_decay": 0.05,
}


def load(folder: Path | None = None) -> tuple[GPT, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: GPT(GPTConfig(**config)), folder)


def train(folder: Path, progress: Path, seed: int, steps: int) -> None:
    """Trains on the reviews and writes the weights and their recipe into `folder`.

    `progress` is the file from which an interrupted run goes on; at the end it is removed.
    """
    run = session.start("cpu", seed)
    tokenizer = CharTokenizer()
    rows, validation = on_reviews.rows(tokenizer)
    config = GPTConfig(tokenizer.vocab_size, **SIZE)
    model = GPT(config)
    training = {**TRAINING, "steps": steps, "looks": min(20, steps)}
    trained = train_language_model(
        model,
        rows,
        validation,
        session=run,
        checkpoint=progress,
        checkpoint_every=100,
        label="longer GPT",
        **training,
    )
    recipe = on_reviews.made(
        f"python -m lmcourse.weights.{NAME} --seed {seed} --steps {steps}",
        run,
        trained.history.seconds,
        trained.curve,
    )
    recipe |= {"training": training, "best_step": trained.best_step}
    n_chars = n_predicted(validation).tolist()
    on_reviews.finish(folder, NAME, model, config, validation, n_chars, recipe)
    for file in (progress, Path(f"{progress}.best")):
        file.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = stored.command_line(NAME, __doc__, TRAINING["steps"])
    given = parser.parse_args(arguments)
    train(given.folder, given.progress, given.seed, given.steps)


if __name__ == "__main__":
    main()
