"""RNN, GRU and LSTM with about as many parameters, on the reviews' characters.

    OMP_NUM_THREADS=1 python benchmarks/sweep_recurrent.py [--seeds S] [--jobs J]

The models and the measure of how far slopes reach are those of `neural/recurrent`, whose cells
define them. First a search on validation: each kind with each of `RATES`, for fewer steps, with a
seed that is not used again; while the best rate is the highest or the lowest, the double or the
half of it is tried too. Then each kind at its rate with each seed: bits per character on
validation, nats of each test sentence, and slopes. Then, on validation, the LSTM trained through
windows that slopes do not leave. `seconds` are processor seconds.
"""

import sys
import time
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import sweep
import torch
import typer

from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import metrics, scoring
from lmcourse.models.recurrent import in_windows
from lmcourse.session import Session
from lmcourse.text.batches import batches
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.loop import fit

sys.path.append(str(Path(__file__).parents[1]))  # of the repository, which has the tests
from tests.chapter import functions

CHAPTER = "neural/recurrent"
KINDS = ("rnn", "gru", "lstm")
RATES = (2e-3, 4e-3, 8e-3)
STEPS, SHORTER, BATCH = 500, 300, 16
WINDOWS = (4, 16)
SEARCH = 9  # the seed of the search
READ = 97  # letters of a sentence through which slopes are followed


@cache
def text() -> tuple[dict[str, Any], int, dict[str, list[list[int]]]]:
    """What the chapter defines, how many symbols there are, and the rows of each split."""
    tokenizer, reviews = CharTokenizer(), load_reviews("text")
    rows = {name: [tokenizer.encode(t) for t in split["text"]] for name, split in reviews.items()}
    return functions(CHAPTER), tokenizer.vocab_size, rows


def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
    """Trains a model as `trial` says; what it reaches."""
    torch.set_num_threads(1)
    begun = time.process_time()
    chapter, vocab_size, rows = text()
    torch.manual_seed(run.seed)
    model = chapter["fresh"](trial["kind"], vocab_size)
    window = trial.get("window")

    def loss(model: Any, batch: Any) -> Any:
        read: Any = model if window is None else lambda ids: in_windows(model, ids, window)
        return next_symbol_loss(read, batch)

    fit(
        model,
        loss,
        batches(rows["train"], BATCH, run.seed),
        steps=trial["steps"],
        learning_rate=trial["rate"],
        session=run,
        label=str(trial),
    )
    seconds = round(time.process_time() - begun, 1)
    nats = scoring.nll(model, rows["validation"])
    bits = metrics.bits_per_char(nats, scoring.n_predicted(rows["validation"]))
    found: dict[str, Any] = {"bits": round(bits, 4), "seconds": seconds}
    if trial["part"] == "ladder":
        long = [row[: READ + 1] for row in rows["validation"] if len(row) > READ]
        slopes = chapter["slopes_back"](model, torch.tensor(long), READ - 1)
        found["slopes"] = " ".join(f"{slope:.3g}" for slope in slopes.tolist())
        nats = scoring.nll(model, rows["test"])
        found["test nats"] = " ".join(f"{value:.1f}" for value in nats)
    return found


def main(
    seeds: Annotated[int, typer.Option(min=2, help="runs of each kind")] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="processes beside each other")] = 1,
) -> None:
    """Trains, measures and prints bits per character on validation."""
    command = f"python benchmarks/sweep_recurrent.py --seeds {seeds}"

    def runs(trials: list[sweep.Trial]) -> list[sweep.Trial]:
        return sweep.run(CHAPTER, command, trials, measure, jobs=jobs, batch=BATCH, read=READ)

    rates = {kind: list(RATES) for kind in KINDS}
    best = dict[str, float]()
    while len(best) < len(KINDS):
        search: list[sweep.Trial] = [
            {"part": "search", "kind": kind, "rate": rate, "steps": SHORTER, "seed": SEARCH}
            for kind in KINDS
            for rate in rates[kind]
        ]
        done = [run for run in runs(search) if run["part"] == "search"]
        for kind, tried in rates.items():
            mine = [run for run in done if run["kind"] == kind]
            rate = min(mine, key=lambda run: run["bits"])["rate"]
            if rate == max(tried):
                tried.append(2 * rate)
            elif rate == min(tried):
                tried.append(rate / 2)
            else:
                best[kind] = rate
    final: list[sweep.Trial] = [
        {"part": "ladder", "kind": kind, "steps": STEPS, "seed": seed, "rate": best[kind]}
        for kind in ("gru", "rnn", "lstm")  # the slow first
        for seed in range(seeds)
    ]
    for seed in range(seeds):
        same = {"rate": best["lstm"], "seed": seed}
        final += [
            {"part": "window", "kind": "lstm", "steps": STEPS, "window": window, **same}
            for window in WINDOWS
        ]
    for run in runs(final):
        about_it = {key: value for key, value in run.items() if not isinstance(value, str)}
        print(run["part"], run["kind"], about_it)


if __name__ == "__main__":
    typer.run(main)
