"""Whether the fast loop pays for its speed with accuracy.

    python benchmarks/accuracy.py [--seeds N] [--json FILE]

The tutorial loop and the book's loop of benchmarks/finetune.py, a full epoch each, from the same
pretrained weights and the same head. Every seed draws its own fifth of the training sentences,
which is kept out of training and joined to the validation split, about 2,400 sentences together.
What counts is the difference within a seed; the script prints its mean with a Student interval over
the seeds, and whether the interval lies above -MARGIN, which was fixed before the first run.

To save hours, the tutorial loop pads each batch to its longest text here and not to 128 tokens:
masked padding changes no prediction, only which numbers dropout draws. The splits of different
seeds overlap, so the interval tells how far seeds, orders and splits matter, not other corpora.
The last record is benchmarks/accuracy.json.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import storing
import typer
from finetune import Examples, accuracy, book, tokenized, tutorial

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import seeds_interval
from lmcourse.models import pretrained

MARGIN = 0.01  # accuracy; a hundredth is about what the seed of a single run moves
HELD_OUT = 5  # one part in five of the training sentences
LOOPS: dict[str, Callable[[Any, Examples, session.Session], None]] = {
    "tutorial": partial(tutorial, width=None),
    "book": book,
}


def split(train: Examples, validation: Examples, seed: int) -> tuple[Examples, Examples]:
    """What is trained on, and the seed's part of the training sentences with `validation`."""
    order = np.random.default_rng(seed).permutation(len(train["labels"]))
    cut = len(order) // HELD_OUT
    seen = {key: [values[i] for i in order[cut:]] for key, values in train.items()}
    held_out = {
        key: [values[i] for i in order[:cut]] + validation[key] for key, values in train.items()
    }
    return seen, held_out


def compared(train: Examples, validation: Examples, seed: int) -> dict[str, float]:
    """The accuracy of both loops on the sentences that the seed holds out."""
    seen, held_out = split(train, validation, seed)
    reached = {}
    for name, loop in LOOPS.items():
        run = session.start("cpu", seed)
        model: Any = pretrained.classifier(num_labels=2, seed=seed)[1]
        loop(model, seen, run)
        reached[name] = accuracy(model, held_out, run)
    return reached


def main(
    seeds: Annotated[int, typer.Option(min=2, help="runs of each loop")] = 10,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Trains both loops once a seed and prints the paired difference of their accuracies."""
    run = session.start("cpu")
    reviews = load_reviews("binary")
    train, validation = tokenized(reviews["train"]), tokenized(reviews["validation"])
    runs = []
    for seed in range(seeds):
        runs.append(compared(train, validation, seed))
        print(seed, runs[-1], file=sys.stderr, flush=True)
    difference = seeds_interval([r["book"] - r["tutorial"] for r in runs])
    for name in LOOPS:
        print(f"{name:9}{seeds_interval([r[name] for r in runs])}")
    print(f"book - tutorial, within a seed: {difference}")
    verdict = "is" if difference.low > -MARGIN else "is not"
    print(f"That the book's loop loses less than {MARGIN} {verdict} shown.")
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/accuracy.py --seeds {seeds}",
            run,
            runs=runs,
            difference=difference._asdict(),
            margin=MARGIN,
        )


if __name__ == "__main__":
    typer.run(main)
