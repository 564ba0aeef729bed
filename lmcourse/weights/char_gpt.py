"""The character GPT after a longer training: `python -m lmcourse.weights.char_gpt` made it.

`char_gpt.json` beside this file is the recipe: the command, the settings, seed, versions, date,
seconds and what it reached on validation.
"""

import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import train_language_model
from lmcourse.weights import stored

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
    reviews = load_reviews("text")
    rows, validation = (
        [tokenizer.encode(sentence) for sentence in reviews[split]["text"]]
        for split in ("train", "validation")
    )
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
    recipe = {
        "command": f"python -m lmcourse.weights.{NAME} --seed {seed} --steps {steps}",
        "training": training,
        "seed": seed,
        "precision": run.precision,
        "threads": torch.get_num_threads(),
        "seconds": round(trained.history.seconds),
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("lmcourse", "torch", "numpy")},
        },
        "best_step": trained.best_step,
        "validation_curve": {step: round(bits, 4) for step, bits in trained.curve.items()},
    }
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())  # what is stored in fp16 is what is measured
    bits = bits_per_char(nll(model, validation), n_predicted(validation))
    stored.save(folder, NAME, model, config, {**recipe, "validation_bits": round(bits, 4)})
    for file in (progress, Path(f"{progress}.best")):
        file.unlink(missing_ok=True)
    print(f"{folder / NAME}.safetensors: {bits:.4f} bits per character on validation")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = stored.command_line(NAME, __doc__, TRAINING["steps"])
    given = parser.parse_args(arguments)
    train(given.folder, given.progress, given.seed, given.steps)


if __name__ == "__main__":
    main()
