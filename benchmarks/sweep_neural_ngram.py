"""How far a window and a hidden layer get on the reviews, for neural/neural_ngram.

    python benchmarks/sweep_neural_ngram.py [--profile cpu|gpu] [--jobs J]

Every run trains the neural n-gram of `lmcourse.models.neural_ngram` on the training sentences with
the library's loop, and measures bits per character on all validation sentences four times; the
best look counts. Test sentences are not read. Four questions, each with what it changes:

- rate: at order 9, half and twice the learning rate `RATE`; one seed;
- order: windows of 1, 2, 4, 8 and 11 letters; three seeds;
- start: at order 9, PyTorch's own first weights, and weights of the standard normal distribution,
  in place of the library's; two seeds;
- longer: windows of 4 and 8 letters with four times as many steps; three seeds.

The hidden layer has 128 numbers and the runs are short, so that all of them take a few minutes of
one core.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import sweep
import torch
import typer
from torch import nn

from lmcourse.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from lmcourse.session import Session
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import train_language_model
from lmcourse.weights import on_reviews

CHAPTER = "neural/neural_ngram"
STEPS, BATCH, RATE, LOOKS = 800, 8, 1.6e-2, 4
ORDERS = (2, 3, 5, 9, 12)
STARTS = ("the library's", "PyTorch's", "standard normal")
PLAIN: dict[str, Any] = {"order": 9, "d_hidden": 128, "start": STARTS[0], "rate": RATE}


def trials() -> Iterator[sweep.Trial]:
    """Each differs from `PLAIN` in what its question asks about."""
    for factor in (0.5, 2):
        yield {"question": "rate", **PLAIN, "rate": factor * RATE, "seed": 0}
    for seed in range(3):
        for order in reversed(ORDERS):
            yield {"question": "order", **PLAIN, "order": order, "seed": seed}
    for seed in range(2):
        for start in STARTS[1:]:
            yield {"question": "start", **PLAIN, "start": start, "seed": seed}
    for seed in range(3):
        for order in (5, 9):
            trial = {"question": "longer", **PLAIN, "order": order, "seed": seed}
            yield {**trial, "steps": 4 * STEPS}


def begin(model: NeuralNGram, start: str) -> None:
    """Draws the weights of the matrices anew, as `start` says."""
    for layer in (model.hidden, model.output):
        if start == "PyTorch's":
            layer.reset_parameters()
        elif start == "standard normal":
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)


def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
    """One training."""
    torch.set_num_threads(1)
    tokenizer = CharTokenizer()
    rows, validation = on_reviews.rows(tokenizer)
    config = NeuralNGramConfig(tokenizer.vocab_size, trial["order"], d_hidden=trial["d_hidden"])
    model = NeuralNGram(config)
    begin(model, trial["start"])
    trained = train_language_model(
        model,
        rows,
        validation,
        steps=trial.get("steps", STEPS),
        batch_size=BATCH,
        learning_rate=trial["rate"],
        looks=LOOKS,
        session=replace(run, precision="fp32"),
    )
    return {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "first_loss": round(trained.history.losses[0], 3),
        "curve": [round(bits, 4) for bits in trained.curve.values()],
        "bits": round(min(trained.curve.values()), 4),
        "seconds": round(trained.history.seconds, 1),
    }


def main(
    profile: Annotated[str, typer.Option(help="cpu or gpu")] = "cpu",
    jobs: Annotated[int, typer.Option(min=1, help="trainings at a time")] = 1,
) -> None:
    """Trains, measures, and writes the record."""
    sweep.run(
        CHAPTER,
        f"python benchmarks/sweep_neural_ngram.py --profile {profile}",
        trials(),
        measure,
        profile,
        jobs,
        steps=STEPS,
        batch=BATCH,
        precision="fp32",
    )


if __name__ == "__main__":
    typer.run(main)
