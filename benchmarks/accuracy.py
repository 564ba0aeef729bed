"""Whether the fast loop pays for its speed with accuracy.

    python benchmarks/accuracy.py [--seeds N] [--trainer-seeds N] [--json FILE]

The first and the last row of benchmarks/finetune.py, and its `Trainer` with the settings that it
has by itself, a full epoch each, from the same pretrained weights and the same head. Every seed
draws its own fifth of the training sentences, which is kept out of training and joined to the
validation split, about 2,400 sentences together; the test split is never read. What counts is the
difference within a seed; the script prints its mean with a 95 % Student interval over the seeds
(`Trainer` has fewer, for it is slow), and whether the interval lies above -MARGIN, which was fixed
before the first run.

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
from finetune import (
    BOOK,
    TRAINER,
    TUTORIAL,
    Examples,
    collate,
    ladder,
    tokenized,
    train,
    trainer,
)

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


def reached(loop: str, examples: Examples, validation: Examples, seed: int) -> float:
    """The accuracy of one loop's training on the sentences that the seed holds out."""
    seen, held_out = split(examples, validation, seed)
    run = session.start("cpu", seed)
    model: Any = pretrained.classifier(num_labels=2, seed=seed)[1]
    if loop == TRAINER:
        trainer(model, seen, run)
    else:
        train(WAYS[loop], model, seen, run)
    return accuracy(model, held_out, run)


def main(
    seeds: Annotated[int, typer.Option(min=2, help="runs of either loop")] = 10,
    trainer_seeds: Annotated[int, typer.Option(min=2, help="runs of Trainer")] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Trains with each loop once a seed and prints the paired differences of their accuracies."""
    run = session.start("cpu")
    reviews = load_reviews("binary")
    examples, validation = tokenized(reviews["train"]), tokenized(reviews["validation"])
    command = f"python benchmarks/accuracy.py --seeds {seeds} --trainer-seeds {trainer_seeds}"
    ways = {name: dataclasses.asdict(way) for name, way in WAYS.items()}
    wanted = [(name, seed) for seed in range(seeds) for name in WAYS]
    wanted += [(TRAINER, seed) for seed in range(min(seeds, trainer_seeds))]
    runs: list[dict[str, Any]] = []
    if json_file is not None and json_file.is_file():
        before = json.loads(json_file.read_text(encoding="utf8"))
        if before.get("ways") == ways:
            runs = [r for r in before["runs"] if (r["loop"], r["seed"]) in wanted]
    measured: dict[str, Any] = {"ways": ways, "runs": runs, "margin": MARGIN}
    for loop, seed in wanted:
        if any((r["loop"], r["seed"]) == (loop, seed) for r in runs):
            continue
        right = reached(loop, examples, validation, seed)
        runs.append({"loop": loop, "seed": seed, "accuracy": right, "device": device("cpu")})
        print(runs[-1], file=sys.stderr, flush=True)
        if json_file is not None:
            storing.write(json_file, command, run, **measured)

    of = {(r["loop"], r["seed"]): r["accuracy"] for r in runs}
    differences = {}
    for rival in ("tutorial", TRAINER):
        both = [s for s in range(seeds) if (rival, s) in of]
        found = seeds_interval([of["book", s] - of[rival, s] for s in both])
        differences[rival] = found._asdict() | {"seeds": len(both)}
        print(f"{rival:9}{seeds_interval([of[rival, s] for s in both])}")
        print(f"book - {rival}, within a seed, {len(both)} seeds: {found}")
        verdict = "is" if found.low > -MARGIN else "is not"
        print(f"That the book's loop loses less than {MARGIN} {verdict} shown.")
    print(f"book     {seeds_interval([of['book', s] for s in range(seeds)])}")
    if json_file is not None:
        storing.write(json_file, command, run, **measured, differences=differences)


if __name__ == "__main__":
    typer.run(main)
