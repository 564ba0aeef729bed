"""The LSTM of the book on the reviews: `python -m lmcourse.weights.lstm` made it.

Two layers over characters with much dropout. `lstm.json` beside this file is the recipe: the
command, the settings, seed, versions, date, seconds, what it reached on validation, and what the
other settings that were tried reached there.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lmcourse import session
from lmcourse.models.recurrent import RecurrentConfig, RecurrentLM
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import on_reviews, stored

NAME = "lstm"
SETTINGS: dict[str, dict[str, Any]] = {
    "middle": {"n_layers": 2, "d_model": 512, "dropout": 0.4, "weight_drop": 0.4},
    "more": {"n_layers": 2, "d_model": 512, "dropout": 0.5, "weight_drop": 0.5},
    "three layers": {"n_layers": 3, "d_model": 416, "dropout": 0.4, "weight_drop": 0.4},
    "less": {"n_layers": 2, "d_model": 512, "dropout": 0.3, "weight_drop": 0.3},
    "no weight drop": {"n_layers": 2, "d_model": 512, "dropout": 0.5, "weight_drop": 0.0},
}
SIZE: dict[str, Any] = {"kind": "lstm", "d_embedding": 128}
TRAINING: dict[str, Any] = {
    "steps": 8_000,
    "batch_size": 64,
    "learning_rate": 2e-3,
    "weight_decay": 0.02,
    "looks": 20,
}


def load(folder: Path | None = None) -> tuple[RecurrentLM, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: RecurrentLM(RecurrentConfig(**config)), folder)


def train(
    folder: Path, progress: Path, profile: str, seed: int, steps: int, setting: str
) -> dict[str, Any]:
    """Trains on the reviews, writes weights and recipe into `folder`, and returns the recipe.

    `progress` is the file from which an interrupted run goes on; at the end it is removed.
    """
    run = session.start(profile, seed)
    config = RecurrentConfig(len(ALPHABET), **SIZE, **SETTINGS[setting])
    options = f"--profile {profile} --seed {seed} --steps {steps} --settings '{setting}'"
    on_reviews.train(
        NAME,
        f"python -m lmcourse.weights.{NAME} {options}",
        RecurrentLM(config),
        config,
        training={**TRAINING, "steps": steps},
        run=run,
        folder=folder,
        progress=progress,
        setting=setting,
    )
    return json.loads((folder / f"{NAME}.json").read_text(encoding="utf8"))


def tried(settings: Sequence[str], seconds: float, folder: Path, **options: Any) -> None:
    """Trains each of the settings and leaves that which is best on validation in `folder`.

    None is begun when the time that is left of `seconds` is less than the one before took.
    """
    begun, kept, found = time.perf_counter(), float("inf"), dict[str, float]()
    for setting in settings:
        start = time.perf_counter()
        with TemporaryDirectory() as place:
            recipe = train(Path(place), setting=setting, **options)
            found[setting] = recipe["validation_bits"]
            if found[setting] < kept:
                kept = found[setting]
                model, best = load(Path(place))
        stored.save(folder, NAME, model, model.config, best | {"tried": found})
        now = time.perf_counter()
        if now + (now - start) > begun + seconds:
            break


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = stored.command_line(NAME, __doc__, TRAINING["steps"])
    parser.add_argument("--profile", choices=("cpu", "gpu"), default="gpu")
    parser.add_argument(
        "--settings",
        nargs="+",
        choices=SETTINGS,
        default=list(SETTINGS),
        help="trained one after the other; the best on validation is kept",
    )
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="for all settings together"
    )
    given = parser.parse_args(arguments)
    tried(
        given.settings,
        given.seconds,
        given.folder,
        progress=given.progress,
        profile=given.profile,
        seed=given.seed,
        steps=given.steps,
    )


if __name__ == "__main__":
    main()
