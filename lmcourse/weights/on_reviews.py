"""What the weights trained on the reviews have in common: text, training and recipe."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.session import Session
from lmcourse.text.batches import Rows
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import train_language_model
from lmcourse.weights import stored


class Tokenizer(Protocol):
    """What turns a text into ids, between two boundaries."""

    def encode(self, text: str) -> list[int]: ...


def rows(tokenizer: Tokenizer) -> tuple[Rows, Rows]:
    """The sentences for training and for validation as rows of ids."""
    reviews = load_reviews("text")
    training, validation = (
        [tokenizer.encode(sentence) for sentence in reviews[split]["text"]]
        for split in ("train", "validation")
    )
    return training, validation


def main(
    name: str,
    description: str | None,
    config: Any,
    build: Callable[[Any], nn.Module],
    training: dict[str, Any],
    arguments: Sequence[str] | None = None,
    precision: str | None = None,
) -> None:
    """The command line of weights that `train` makes; `build` is given `config` after seeding.

    `precision`: "fp32" for a model that is no faster otherwise; as a rule the session decides.
    """
    given = stored.command_line(name, description, training["steps"]).parse_args(arguments)
    run = session.start("cpu", given.seed)
    train(
        name,
        f"python -m lmcourse.weights.{name} --seed {given.seed} --steps {given.steps}",
        build(config),
        config,
        training={**training, "steps": given.steps},
        run=replace(run, precision=precision or run.precision),
        folder=given.folder,
        progress=given.progress,
    )


def train(
    name: str,
    command: str,
    model: nn.Module,
    config: Any,
    *,
    training: dict[str, Any],
    run: Session,
    folder: Path,
    progress: Path,
    **more: Any,
) -> None:
    """Trains `model` on characters and writes the weights and their recipe into `folder`.

    `command` is what the recipe says how to make them, `training` what
    `lmcourse.training.language_model.train_language_model` is given, and `more` goes into the
    recipe. `progress` is the file from which an interrupted run goes on; at the end it is removed.
    """
    training = {**training, "looks": min(training["looks"], training["steps"])}
    training_rows, validation = rows(CharTokenizer())
    trained = train_language_model(
        model,
        training_rows,
        validation,
        session=run,
        label=name,
        checkpoint=progress,
        checkpoint_every=500,
        **training,
    )
    recipe = made(command, run, trained.history.seconds, trained.curve)
    recipe |= {"training": training, "best_step": trained.best_step, **more}
    finish(folder, name, model, config, validation, n_predicted(validation).tolist(), recipe)
    remove(progress)


def remove(progress: Path) -> None:
    """Removes the file from which an interrupted run goes on, and that of its best weights."""
    for file in (progress, Path(f"{progress}.best")):
        file.unlink(missing_ok=True)


def finish(
    folder: Path,
    name: str,
    model: nn.Module,
    config: Any,
    validation: Rows,
    n_chars: Sequence[int],
    recipe: dict[str, Any],
) -> None:
    """Rounds the weights to fp16, as they are stored, measures them so, and writes both files.

    `n_chars` is of each row of `validation`, its end counted.
    """
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())
    bits = bits_per_char(nll(model, validation), n_chars)
    stored.save(folder, name, model, config, {**recipe, "validation_bits": round(bits, 4)})
    print(f"{folder / name}.safetensors: {bits:.4f} bits per character on validation")


def made(command: str, run: Session, seconds: float, curve: dict[int, float]) -> dict[str, Any]:
    """The part of a recipe that says how, when and on what the weights were made."""
    return {
        "command": command,
        "seed": run.seed,
        "device": torch.cuda.get_device_name() if run.device.type == "cuda" else "cpu",
        "precision": run.precision,
        "threads": torch.get_num_threads(),
        "seconds": round(seconds),
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("lmcourse", "torch", "numpy")},
        },
        "validation_curve": {step: round(bits, 4) for step, bits in curve.items()},
    }
