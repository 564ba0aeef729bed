"""Trainings that take longer than a chapter may: ``python -m lmcourse.longer gpt``.

Each makes a checkpoint that comes with the package, and a recipe beside it: the command, the
settings, seed, versions, date, seconds and what it reached on validation.
"""

import argparse
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lmcourse import char_gpt, checkpoints, data, session
from lmcourse.metrics import bits_per_char
from lmcourse.nn.gpt import GPTConfig
from lmcourse.tokenizers import CharTokenizer

GPT_SIZE: dict[str, Any] = {"n_layers": 4, "n_heads": 4, "d_model": 128, "dropout": 0.1}
GPT_TRAINING: dict[str, Any] = {
    "steps": 13_000,
    "batch_size": 16,
    "learning_rate": 3e-3,
    "weight_decay": 0.05,
}


def train_gpt(folder: Path, progress: Path, seed: int, steps: int) -> None:
    """Trains the character GPT on the reviews and writes gpt.safetensors and gpt.json.

    `progress` is the file from which an interrupted run goes on; at the end it is removed.
    """
    run = session.start("cpu", seed)
    tokenizer = CharTokenizer()
    text = data.reviews("text")
    train, validation = (
        [tokenizer.encode(sentence) for sentence in text[split]["text"]]
        for split in ("train", "validation")
    )
    config = GPTConfig(tokenizer.vocab_size, **GPT_SIZE)
    training = {**GPT_TRAINING, "steps": steps, "looks": min(20, steps)}
    trained = char_gpt.train_char_gpt(
        config,
        train,
        validation,
        session=run,
        checkpoint=progress,
        checkpoint_every=100,
        label="longer GPT",
        **training,
    )
    recipe = {
        "command": f"python -m lmcourse.longer gpt --seed {seed} --steps {steps}",
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
        for parameter in trained.model.parameters():
            parameter.copy_(parameter.half())  # what is stored in fp16 is what is measured
    bits = bits_per_char(char_gpt.nll(trained.model, validation), char_gpt.characters(validation))
    char_gpt.save(folder, "gpt", trained.model, {**recipe, "validation_bits": round(bits, 4)})
    for file in (progress, Path(f"{progress}.best")):
        file.unlink(missing_ok=True)
    print(f"{folder / 'gpt.safetensors'}: {bits:.4f} bits per character on validation")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lmcourse.longer", description=__doc__)
    parser.add_argument("model", choices=["gpt"], help="what to train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=GPT_TRAINING["steps"])
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(checkpoints.__file__).parent,
        help="where the checkpoint goes (default: into the package)",
    )
    parser.add_argument(
        "--progress",
        type=Path,
        default=Path("longer-gpt.pt"),
        help="file from which an interrupted run goes on",
    )
    given = parser.parse_args(arguments)
    train_gpt(given.folder, given.progress, given.seed, given.steps)


if __name__ == "__main__":
    main()
