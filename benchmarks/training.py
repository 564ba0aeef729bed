"""Training a GPT on the reviews: the usual plain recipe against the book's, in turns.

    python benchmarks/training.py [--repeats R] [--steps N] [--json FILE]

The model is that of `lmcourse.weights.best_gpt`, 32 sentences a step. `plain` is what most
tutorials write: fp32, sentences in random order and padded to the longest of their batch, PyTorch's
fused attention and AdamW as they come. `book` is `lmcourse.training.bf16.fit_bf16` on batches of
similar length. Speed counts the characters to predict, padding left out. The ways take turns; the
ratio is the median of the ratios within the repeats. So that speed is not bought with learning, the
script refuses when after as many steps the book's loss is the higher one.

`two bits` is the record "minutes to 2.0 bits per character on two cores": the training of `SPRINT`
from nothing, timed without the one look at validation at its end. The last record is
benchmarks/training.json.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import storing
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from lmcourse import session
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.models.llama import LlamaConfig
from lmcourse.text.batches import IGNORED, Rows, batches, shifted
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.bf16 import fit_bf16
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.weights import best_gpt, llama_recipe, on_reviews

BATCH = best_gpt.TRAINING["batch_size"]
RATES = {name: best_gpt.TRAINING[name] for name in ("matrix_rate", "learning_rate", "weight_decay")}
SPRINT: dict[str, Any] = {
    "size": {"n_layers": 4, "d_model": 192, "d_hidden": 512, "dropout": 0.0},
    "steps": 540,
    "batch_size": 32,
    "rates": RATES,
}
Batch = tuple[Tensor, Tensor]


def shuffled(rows: Rows, seed: int) -> Callable[[int], Batch]:
    """Batches of sentences in random order, each padded to its longest."""
    order = np.random.default_rng(seed).permutation(len(rows))
    return lambda step: shifted([rows[i] for i in order[step * BATCH : (step + 1) * BATCH]])


def plain(model: nn.Module, batch_at: Callable[[int], Batch], steps: int) -> list[float]:
    """The loop of most tutorials, with the schedule of `fit_bf16` left out."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for step in range(steps):
        inputs, targets = batch_at(step)
        loss = next_symbol_loss(model, (inputs, targets))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def book(
    model: nn.Module, batch_at: Callable[[int], Batch], steps: int, run: session.Session
) -> list[float]:
    """The book's loop with the settings of the best GPT."""
    return fit_bf16(
        model,
        next_symbol_loss,
        lambda step: llama_recipe.few_shapes(*batch_at(step)),
        steps=steps,
        session=run,
        **RATES,
    ).losses


def characters(batch_at: Callable[[int], Batch], steps: int) -> int:
    """How many characters these steps predict."""
    return sum(int((batch_at(step)[1] != IGNORED).sum()) for step in range(steps))


def sprint(run: session.Session) -> dict[str, Any]:
    """The training of `SPRINT`: its minutes, and what it reached on validation."""
    tokenizer = CharTokenizer()
    rows, validation = on_reviews.rows(tokenizer)
    torch.manual_seed(run.seed)
    model = llama_recipe.fresh(LlamaConfig(tokenizer.vocab_size, **best_gpt.SIZE | SPRINT["size"]))
    batch_at = batches(rows, SPRINT["batch_size"], run.seed)
    used = time.process_time()
    history = fit_bf16(
        model,
        next_symbol_loss,
        lambda step: llama_recipe.few_shapes(*batch_at(step)),
        steps=SPRINT["steps"],
        session=run,
        **SPRINT["rates"],
    )
    used = time.process_time() - used
    bits = bits_per_char(nll(model, validation), n_predicted(validation))
    return {
        **SPRINT,
        "seed": run.seed,
        "minutes": history.seconds / 60,
        "cpu_minutes": used / 60,
        "validation_bits": bits,
    }


def main(
    repeats: Annotated[int, typer.Option(min=1, help="turns of each way")] = 5,
    steps: Annotated[int, typer.Option(min=10, help="steps of each turn")] = 40,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Times both ways in turns, then makes the sprint; prints and writes what came out."""
    run = session.start("cpu")
    tokenizer = CharTokenizer()
    rows, _ = on_reviews.rows(tokenizer)
    config = LlamaConfig(tokenizer.vocab_size, **best_gpt.SIZE)
    speeds: dict[str, list[float]] = {"plain": [], "book": []}
    final: dict[str, list[float]] = {"plain": [], "book": []}
    for repeat in range(repeats):
        for way in speeds:
            torch.manual_seed(repeat)
            model = llama_recipe.fresh(config)
            make = shuffled if way == "plain" else lambda rows, seed: batches(rows, BATCH, seed)
            batch_at = make(rows, repeat)
            begun = time.perf_counter()
            if way == "plain":
                losses = plain(model, batch_at, steps)
            else:
                losses = book(model, batch_at, steps, run)
            seconds = time.perf_counter() - begun
            speeds[way].append(characters(batch_at, steps) / seconds)
            final[way].append(statistics.mean(losses[-5:]) / math.log(2))
        print({way: found[-1] for way, found in speeds.items()}, file=sys.stderr, flush=True)
    if statistics.median(final["book"]) > statistics.median(final["plain"]):
        raise SystemExit(f"the book's way learns less in as many steps: {final}")
    pairs = zip(speeds["book"], speeds["plain"], strict=True)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    record = sprint(run)
    table = Table("way", "characters a second", f"bits in the last of {steps} steps")
    for way in speeds:
        table.add_row(
            way,
            f"{statistics.median(speeds[way]):,.0f}",
            f"{statistics.median(final[way]):.2f}",
        )
    Console().print(table)
    print(f"book against plain: {ratio:.2f} times as fast")
    print(f"sprint: {record['validation_bits']:.3f} bits in {record['minutes']:.1f} minutes")
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/training.py --repeats {repeats} --steps {steps}",
            run,
            runs={"characters a second": speeds, "bits at the end": final, "two bits": record},
            times_as_fast=ratio,
        )


if __name__ == "__main__":
    typer.run(main)
