"""Llamas of six sizes on five shares of the reviews, and the counts beside them.

    OMP_NUM_THREADS=1 python benchmarks/sweep_scaling.py [--only SIZE ...]

For `transformer/scaling`. A run is named by its size, the share of the training sentences (drawn
anew with each seed, the smaller shares part of the larger ones), dropout, factor of the rates and
seed. All train by one recipe, whose length depends on the share alone, and look at the validation
sentences `LOOKS` times; the weights of the best look are scored on the test sentences. `HELD_OUT`
was written here before any run was made: the chapter fits its laws without them. Where a
share is run with several dropouts, the plan was to fit the best on validation; the chapter fits
the runs without dropout and shows the plan beside them. Half and double the rates are a control,
at two sizes. Counts are the n-grams of modified Kneser–Ney. `seconds`
are processor seconds.
"""

import math
import time
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

import numpy as np
import sweep
import torch
import typer

from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.models.llama import LlamaConfig
from lmcourse.models.ngram import NGram
from lmcourse.session import Session
from lmcourse.text.batches import Rows, batches
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.best import BestWeights
from lmcourse.training.bf16 import fit_bf16
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.weights import llama_recipe

CHAPTER = "transformer/scaling"
SIZES = {  # layers, width, heads, hidden width
    "5k": (1, 20, 1, 56),
    "10k": (2, 20, 1, 56),
    "25k": (2, 32, 1, 88),
    "80k": (3, 48, 2, 128),
    "200k": (4, 64, 2, 176),
    "550k": (5, 96, 3, 256),
}
STEPS = {1: 1000, 1 / 2: 800, 1 / 4: 600, 1 / 8: 450, 1 / 16: 350}  # of each share
MIDDLE = "80k"  # the size that learns from every share
HELD_OUT = {
    "sizes": [{"size": "550k", "share": 1}],  # the law over sizes is fitted to the smaller ones
    "shares": [{"size": MIDDLE, "share": 1}],  # the law over text, to the smaller shares
}
SEEDS = 3
DROPOUTS = {1: (0.0,), 1 / 2: (0.0,), 1 / 4: (0.0, 0.1), 1 / 8: (0.0, 0.1), 1 / 16: (0.0, 0.1)}
CONTROLS = ("25k", MIDDLE)  # of the rates
BATCH, LOOKS = 32, 8
MATRIX_RATE, RATE = 0.02, 3e-3
ORDERS = (4, 5, 6, 7, 8)


def trials() -> Iterator[sweep.Trial]:
    """The counts, the sizes on all of the text, the shares, the control."""
    for order in ORDERS:
        for share in STEPS:
            for seed in range(SEEDS):
                yield {"size": "counts", "order": order, "share": share, "seed": seed}
    places = [("25k", 1 / 16), *((MIDDLE, share) for share in STEPS if share < 1)]
    places += [(size, 1) for size in SIZES]
    for size, share in places:
        for dropout in DROPOUTS[share]:
            for seed in range(SEEDS):
                trial = {"size": size, "share": share, "dropout": dropout, "rate": 1.0}
                yield trial | {"seed": seed}
    for size in CONTROLS:
        for factor in (0.5, 2.0):
            yield {"size": size, "share": 1, "dropout": 0.0, "rate": factor, "seed": 0}


@cache
def rows() -> dict[str, Rows]:
    """Every split as rows of characters."""
    tokenizer, reviews = CharTokenizer(), load_reviews("text")
    return {split: [tokenizer.encode(text) for text in reviews[split]["text"]] for split in reviews}


def drawn(share: float, seed: int) -> Rows:
    """The training rows of a share: the first of an order that the seed draws."""
    order = np.random.default_rng([seed, 1]).permutation(len(rows()["train"]))
    return [rows()["train"][i] for i in order[: round(share * len(order))]]


def bits(model: Any, some: Rows) -> float:
    """Bits per character of rows."""
    return bits_per_char(nll(model, some), n_predicted(some))


def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
    """Fits or trains, and scores validation and test."""
    torch.set_num_threads(1)
    begun, mine = time.process_time(), drawn(trial["share"], run.seed)
    found: dict[str, Any] = {"chars": int(n_predicted(mine).sum())}
    if trial["size"] == "counts":
        model: Any = NGram(trial["order"], CharTokenizer().vocab_size, "kneser_ney").fit(mine)
        found["parameters"] = model.parameters
    else:
        model, told = trained(run, trial, mine)
        found |= told
    found |= {split: round(bits(model, rows()[split]), 5) for split in ("validation", "test")}
    if not all(map(math.isfinite, (found["validation"], found["test"]))):
        raise FloatingPointError(f"not finite: {trial}")
    return found | {"seconds": round(time.process_time() - begun, 1)}


def trained(run: Session, trial: sweep.Trial, mine: Rows) -> tuple[Any, dict[str, Any]]:
    """The network of a trial with its best weights, and what is said of it."""
    n_layers, d_model, n_heads, d_hidden = SIZES[trial["size"]]
    torch.manual_seed(run.seed)
    model = llama_recipe.fresh(
        LlamaConfig(
            CharTokenizer().vocab_size,
            context_length=288,
            n_layers=n_layers,
            n_heads=n_heads,
            n_kv_heads=n_heads,
            d_model=d_model,
            d_hidden=d_hidden,
            rotary_base=1000.0,
            dropout=trial["dropout"],
        )
    )
    steps, batch_at = STEPS[trial["share"]], batches(mine, BATCH, run.seed)
    best = BestWeights(model, lambda: bits(model, rows()["validation"]), steps=steps, looks=LOOKS)
    fit_bf16(
        model,
        next_symbol_loss,
        lambda step: llama_recipe.few_shapes(*batch_at(step)),
        steps=steps,
        matrix_rate=MATRIX_RATE * trial["rate"],
        learning_rate=RATE * trial["rate"],
        session=run,
        label=str(trial),
        on_step=best,
    )
    best.restore()
    inside = sum(weight.numel() for weight in model.blocks.parameters())  # type: ignore[attr-defined]
    told = {"parameters": inside, "steps": steps, "best_step": best.best_step}
    return model, told | {"train": round(bits(model, mine[:1000]), 5)}


def main(
    only: Annotated[list[str] | None, typer.Option(help="run these sizes alone")] = None,
) -> None:
    """Trains and measures what the record lacks."""
    if unknown := set(only or ()) - {*SIZES, "counts"}:
        raise typer.BadParameter(f"{unknown}: choose from counts, {', '.join(SIZES)}")
    sweep.run(
        CHAPTER,
        "python benchmarks/sweep_scaling.py",
        [trial for trial in trials() if only is None or trial["size"] in only],
        measure,
        precision="bf16, fp32 weights",
        held_out=HELD_OUT,
        batch=BATCH,
        looks=LOOKS,
        matrix_rate=MATRIX_RATE,
        rate=RATE,
    )


if __name__ == "__main__":
    typer.run(main)
