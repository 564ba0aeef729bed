"""Five ways to tell a small GPT the order of its letters, read at four times the trained length.

    OMP_NUM_THREADS=1 python benchmarks/sweep_positions.py [--seeds S]

The model, the batches and the ways of reading are those of `transformer/positions`, whose cells
define them. First a search on validation: each way with each of `RATES`, with a seed that is not
used again. The rate with the lowest surprise within the trained length is taken; while that is the
highest or the lowest, the double or the half of it is tried too. Then every way at its rate with
each seed: bits per character on long windows of the test sentences, averaged over `BIN` places
beside each other, for each way of reading; and at the last place of short windows, in order and
shuffled. `seconds` are processor seconds.
"""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sweep
import torch
import typer

from lmcourse.data.reviews import load_reviews
from lmcourse.session import Session
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.loop import fit

sys.path.append(str(Path(__file__).parents[1]))  # of the repository, which has the tests
from tests.chapter import functions

CHAPTER = "transformer/positions"
WAYS = ("none", "learned", "sinusoidal", "rotary", "ALiBi")
RATES = (1.5e-3, 3e-3, 6e-3)
STEPS, BATCH = 800, 16
SEARCH = 9  # the seed of the search
BIN = 8  # places whose bits are averaged


def main(
    seeds: Annotated[int, typer.Option(min=2, help="runs of each way")] = 3,
) -> None:
    """Trains, measures and prints the bits of each way at the trained length and beyond."""
    chapter = functions(CHAPTER)
    tokenizer, reviews = CharTokenizer(), load_reviews("text")
    rows = {name: chapter["long_row"](split["text"], tokenizer) for name, split in reviews.items()}
    short = {name: chapter["windows"](rows[name], 1024, chapter["TRAINED"]) for name in rows}
    test = chapter["windows"](rows["test"], 192, chapter["LONG"])

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        begun = time.process_time()
        model = chapter["Reader"](trial["way"], tokenizer.vocab_size)
        fit(
            model,
            chapter["loss"],
            chapter["batches_of"](rows["train"], BATCH, run.seed),
            steps=trial["steps"],
            learning_rate=trial["rate"],
            session=run,
            label=f"{trial['way']}, {trial['rate']}, {trial['seed']}",
        )
        seconds = round(time.process_time() - begun, 1)
        if trial["split"] == "validation":
            found = chapter["bits"](model, short["validation"])  # [1024, TRAINED]
            return {"bits": round(found.mean().item(), 4), "seconds": seconds}
        curves = {
            name: [round(x, 4) for x in values.unflatten(0, (-1, BIN)).mean(dim=1).tolist()]
            for name, values in chapter["readings"](model, test).items()
        }
        last = {
            "ordered": chapter["bits"](model, short["test"]),
            "shuffled": chapter["bits"](model, chapter["shuffled"](short["test"])),
        }
        ends = {name: round(found[:, -1].mean().item(), 4) for name, found in last.items()}
        return {"curves": curves, **ends, "seconds": seconds}

    def tried(way: str, rate: float) -> sweep.Trial:
        return {"split": "validation", "way": way, "rate": rate, "steps": STEPS, "seed": SEARCH}

    command = f"python benchmarks/sweep_positions.py --seeds {seeds}"
    about: dict[str, Any] = {"batch": BATCH, "bin": BIN}
    best = {}
    for way in WAYS:
        rates = list(RATES)
        while way not in best:
            search = [tried(way, rate) for rate in rates]
            runs = sweep.run(CHAPTER, command, search, measure, **about)
            bits = {r["rate"]: r["bits"] for r in runs if r["way"] == way and "bits" in r}
            rate = min(bits, key=lambda tried: bits[tried])
            if rate == max(bits):
                rates.append(2 * rate)
            elif rate == min(bits):
                rates.append(rate / 2)
            else:
                best[way] = rate
    final = [
        {"split": "test", "way": way, "rate": best[way], "steps": STEPS, "seed": seed}
        for seed in range(seeds)
        for way in WAYS
    ]
    runs = sweep.run(CHAPTER, command, final, measure, **about)
    for way in WAYS:
        curves = [
            r["curves"] for r in runs if (r["way"], r["steps"]) == (way, STEPS) and "curves" in r
        ]
        for name in curves[0]:
            values = np.array([curve[name] for curve in curves])  # [runs, bins]
            within, beyond = values[:, :8].mean(), values[:, 8:].mean()
            print(f"{way:<11}{name:<10} within {within:.3f} beyond {beyond:.3f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    typer.run(main)
