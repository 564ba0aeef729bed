"""How far a window and a hidden layer get on the reviews, for neural/neural_ngram.

    python benchmarks/sweep_neural_ngram.py [--profile cpu|gpu] [--jobs J]

Every run trains the neural n-gram of `lmcourse.models.neural_ngram` on the training sentences with
the library's loop, and measures bits per character on all validation sentences ten times; the
best look counts. Test sentences are not read. Four questions, each with what it changes:

- rate: at order 8, learning rates of a quarter to four times `RATE`; one seed;
- order: windows of 1 to 15 letters, at a hidden layer of 512; three seeds;
- start: at order 8, PyTorch's own first weights, and weights of the standard normal distribution,
  in place of the library's; three seeds;
- size: at order 10 and 13, a hidden layer of 1,024 or 2,048 and dropout of 0.2 to 0.5; one seed.
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
STEPS, BATCH, RATE, LOOKS = 6_000, 32, 2e-3, 10
ORDERS = (2, 3, 4, 5, 6, 8, 10, 13, 16)
STARTS = ("the library's", "PyTorch's", "standard normal")
SIZES = ((1_024, 0.2), (1_024, 0.4), (2_048, 0.2), (2_048, 0.4), (2_048, 0.5))


def trials() -> Iterator[sweep.Trial]:
    """The large ones first, so that none of them ends alone."""
    for order in (10, 13):
        for d_hidden, dropout in SIZES:
            sizes = {"order": order, "d_hidden": d_hidden, "dropout": dropout}
            yield {"question": "size", **sizes, "start": STARTS[0], "rate": RATE, "seed": 0}
    plain = {"d_hidden": 512, "dropout": 0.0}
    for factor in (0.25, 0.5, 2, 4):
        rate = factor * RATE
        yield {"question": "rate", "order": 8, "start": STARTS[0], "rate": rate, **plain, "seed": 0}
    for seed in range(3):
        same = {"rate": RATE, **plain, "seed": seed}
        for order in reversed(ORDERS):
            yield {"question": "order", "order": order, "start": STARTS[0], **same}
        for start in STARTS[1:]:
            yield {"question": "start", "order": 8, "start": start, **same}


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
    config = NeuralNGramConfig(
        tokenizer.vocab_size,
        trial["order"],
        d_hidden=trial["d_hidden"],
        dropout=trial["dropout"],
    )
    model = NeuralNGram(config)
    begin(model, trial["start"])
    trained = train_language_model(
        model,
        rows,
        validation,
        steps=STEPS,
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
