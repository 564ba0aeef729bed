"""Whether the fast loop pays for its speed with accuracy.

    python benchmarks/accuracy.py [--seeds N] [--json FILE]

The first and the last row of benchmarks/finetune.py, a full epoch each, from the same pretrained
weights and the same head. Every seed draws its own fifth of the training sentences, which is kept
out of training and joined to the validation split, about 2,400 sentences together; the test split
is never read. What counts is the difference within a seed; the script prints its mean with a 95 %
Student interval over the seeds, and whether the interval lies above -MARGIN, which was fixed before
the first run.

To save hours, the tutorial loop pads each batch to its longest text here and not to 128 tokens:
masked padding changes no prediction, only which numbers dropout draws. The splits of different
seeds overlap, so the interval tells how far seeds, orders and splits matter, not other corpora.

The record is written after each run and says on which processor it was made; the same command goes
on from it. The last one is benchmarks/accuracy.json.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import storing
import torch
import typer
from finetune import BOOK, TUTORIAL, Examples, Way, collate, ladder, tokenized, train

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import seeds_interval
from lmcourse.models import pretrained
from lmcourse.runner.machine import device

MARGIN = 0.01  # accuracy; a hundredth is about what the seed of a single run moves
HELD_OUT = 5  # one part in five of the training sentences
WAYS = {
    "tutorial": dataclasses.replace(ladder()[TUTORIAL], width=None),
    "book": ladder()[BOOK],
}


def split(examples: Examples, validation: Examples, seed: int) -> tuple[Examples, Examples]:
    """What is trained on, and the seed's part of the training sentences with `validation`."""
    order = np.random.default_rng(seed).permutation(len(examples["labels"]))
    cut = len(order) // HELD_OUT
    seen = {key: [values[i] for i in order[cut:]] for key, values in examples.items()}
    held_out = {
        key: [values[i] for i in order[:cut]] + validation[key] for key, values in examples.items()
    }
    return seen, held_out


@torch.no_grad()
def accuracy(model: Any, examples: Examples, run: session.Session) -> float:
    """The share of examples the model labels rightly, in fp32."""
    model.eval()
    by_length = sorted(range(len(examples["labels"])), key=lambda i: len(examples["input_ids"][i]))
    right = 0
    for start in range(0, len(by_length), 64):
        batch = collate(examples, by_length[start : start + 64])
        batch = {name: tensor.to(run.device) for name, tensor in batch.items()}
        right += int((model(**batch).logits.argmax(-1) == batch["labels"]).sum())
    return right / len(by_length)


def reached(way: Way, examples: Examples, validation: Examples, seed: int) -> float:
    """The accuracy of one way of training on the sentences that the seed holds out."""
    seen, held_out = split(examples, validation, seed)
    run = session.start("cpu", seed)
    model: Any = pretrained.classifier(num_labels=2, seed=seed)[1]
    train(way, model, seen, run)
    return accuracy(model, held_out, run)


def main(
    seeds: Annotated[int, typer.Option(min=2, help="runs of each loop")] = 10,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Trains in both ways once a seed and prints the paired difference of their accuracies."""
    run = session.start("cpu")
    reviews = load_reviews("binary")
    examples, validation = tokenized(reviews["train"]), tokenized(reviews["validation"])
    command = f"python benchmarks/accuracy.py --seeds {seeds}"
    ways = {name: dataclasses.asdict(way) for name, way in WAYS.items()}
    runs: list[dict[str, Any]] = []
    if json_file is not None and json_file.is_file():
        before = json.loads(json_file.read_text(encoding="utf8"))
        runs = [r for r in before["runs"] if before.get("ways") == ways and r["seed"] < seeds]
    for seed in range(seeds):
        for name, way in WAYS.items():
            if any((r["seed"], r["loop"]) == (seed, name) for r in runs):
                continue
            right = reached(way, examples, validation, seed)
            runs.append({"loop": name, "seed": seed, "accuracy": right, "device": device("cpu")})
            print(runs[-1], file=sys.stderr, flush=True)
            if json_file is not None:
                storing.write(json_file, command, run, ways=ways, runs=runs, margin=MARGIN)

    of = {(r["loop"], r["seed"]): r["accuracy"] for r in runs}
    difference = seeds_interval([of["book", s] - of["tutorial", s] for s in range(seeds)])
    for name in WAYS:
        print(f"{name:9}{seeds_interval([of[name, s] for s in range(seeds)])}")
    print(f"book - tutorial, within a seed: {difference}")
    verdict = "is" if difference.low > -MARGIN else "is not"
    print(f"That the book's loop loses less than {MARGIN} {verdict} shown.")
    if json_file is not None:
        storing.write(
            json_file,
            command,
            run,
            ways=ways,
            runs=runs,
            difference=difference._asdict(),
            margin=MARGIN,
        )


if __name__ == "__main__":
    typer.run(main)
