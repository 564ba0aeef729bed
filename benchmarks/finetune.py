"""From the loop of most tutorials to the book's: how many examples a second, one change a row.

    python benchmarks/finetune.py [--examples N] [--repeats R] [--profile cpu|gpu] [--json FILE]

The first row is what most tutorials publish: batches of 16 drawn at random, every text padded to
128 tokens, fp32, AdamW with its loop over parameters in Python (`foreach=False, fused=False`), one
`.item()` a step. Each later row is the row before it with the one change of `CHANGES`; the last is
the book's. `Trainer` is `transformers.Trainer` with its default settings, not saving.

All train the same pretrained classifier on the same examples, each example once, with a learning
rate that falls linearly. Each repeat has its own seed for the head and the order of examples; the
rows take turns within it, only training is timed, and a ratio is the median of the ratios within
the repeats. Whether the book's loop pays with accuracy is what benchmarks/accuracy.py asks. Run it
on a quiet machine: two processes with two threads each on two cores mostly wait for one another.
The last record is benchmarks/finetune.json.
"""

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import storing
import torch
import transformers
import typer
from rich.console import Console
from rich.table import Table
from torch import nn

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.models import pretrained
from lmcourse.runner.machine import device
from lmcourse.text.batches import LengthBuckets, pad
from lmcourse.training.loop import fit

LONGEST = 128
Examples = dict[str, list]  # input_ids, labels


@dataclass(frozen=True)
class Way:
    """One way to fine-tune; the defaults are the tutorial's."""

    width: int | None = LONGEST  # tokens that every text is padded to; None: the batch's longest
    similar_length: bool = False  # `LengthBuckets`, not batches drawn at random
    fused: bool = False  # AdamW in one kernel
    fit: bool = False  # `lmcourse.training.loop.fit`: also clips, warms up, and is always fused
    precision: str = "fp32"
    attention: str = "sdpa"
    dropout: bool = True
    frozen: bool = False  # the word embeddings
    batch_size: int = 16
    learning_rate: float = 1e-4


# Attention comes before dropout: torch's own ("sdpa") has a kernel for the CPU that is used without
# dropout only, and for short texts in bf16 it was slower than plain products on a Xeon.
CHANGES: dict[str, dict[str, Any]] = {
    "padded to the longest of the batch": {"width": None},
    "batches of similar length": {"similar_length": True},
    "fused AdamW": {"fused": True},
    "the loop fit (clips, warms up)": {"fit": True},
    "products in bf16": {"precision": "bf16"},
    "attention in plain products": {"attention": "eager"},
    "no dropout": {"dropout": False},
    "word embeddings frozen": {"frozen": True},
    "batches of 32": {"batch_size": 32},
}
TUTORIAL, BOOK, TRAINER = "tutorial", list(CHANGES)[-1], "Trainer"


def ladder() -> dict[str, Way]:
    """Every row's name and way, from the tutorial's to the book's."""
    rows = {TUTORIAL: Way()}
    for name, change in CHANGES.items():
        rows[name] = dataclasses.replace(list(rows.values())[-1], **change)
    return rows


def collate(examples: Examples, items: list[int], width: int | None = None) -> dict[str, Any]:
    """A batch for the model, padded to its longest text or to `width` tokens."""
    rows = [examples["input_ids"][i] for i in items]
    if width is not None:
        rows = [*rows, [0] * width]  # one more row of the wanted width, dropped below
    ids = pad(rows, 0)[: len(items)]  # [B, T]; 0 is [PAD]
    labels = torch.tensor([examples["labels"][i] for i in items])  # [B]
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": labels}


def epoch(way: Way, examples: Examples, run: session.Session) -> list[list[int]]:
    """The item numbers of every batch of the epoch."""
    if way.similar_length:
        lengths = [len(ids) for ids in examples["input_ids"]]
        buckets = LengthBuckets(lengths, way.batch_size, seed=run.seed)
        return [buckets(step) for step in range(buckets.batches_per_epoch)]
    order = torch.randperm(len(examples["labels"]), generator=run.generator()).tolist()
    return [order[i : i + way.batch_size] for i in range(0, len(order), way.batch_size)]


def prepare(way: Way, model: Any) -> None:
    """Sets the model's attention, dropout and frozen weights."""
    model.set_attn_implementation(way.attention)
    model.get_input_embeddings().requires_grad_(not way.frozen)
    for part in model.modules():
        if isinstance(part, nn.Dropout) and not way.dropout:
            part.p = 0.0


def train(way: Way, model: Any, examples: Examples, run: session.Session) -> None:
    """One epoch, by `fit` or by the loop that most tutorials publish."""
    prepare(way, model)
    batches = epoch(way, examples, run)
    if way.fit:
        precision = run.precision if way.precision == "bf16" else "fp32"  # bf16 where it is fast
        fit(
            model,
            lambda model, batch: model(**batch).loss,
            lambda step: collate(examples, batches[step], way.width),
            steps=len(batches),
            learning_rate=way.learning_rate,
            session=dataclasses.replace(run, precision=precision),
        )
        return
    optimizer = torch.optim.AdamW(
        model.parameters(), way.learning_rate, foreach=False, fused=way.fused
    )
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=len(batches))
    model.train()
    total = 0.0
    for items in batches:
        batch = collate(examples, items, way.width)
        loss = model(**{name: tensor.to(run.device) for name, tensor in batch.items()}).loss
        loss.backward()
        optimizer.step()
        falling.step()
        optimizer.zero_grad()
        total += loss.item()


def trainer(model: Any, examples: Examples, run: session.Session) -> None:
    """transformers.Trainer for one epoch, everything else as it comes."""
    rows = [
        {"input_ids": ids, "labels": label}
        for ids, label in zip(examples["input_ids"], examples["labels"], strict=True)
    ]
    tokenizer, _ = pretrained.encoder()
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder,
            num_train_epochs=1,
            seed=run.seed,
            use_cpu=run.device.type == "cpu",
            dataloader_pin_memory=run.device.type != "cpu",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        transformers.Trainer(
            model,
            arguments,
            train_dataset=rows,
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        ).train()


def speed(
    loop: Callable[[Any, Examples, session.Session], None], examples: Examples, run: session.Session
) -> float:
    """Examples a second of one training run from the pretrained weights."""
    model: Any = pretrained.classifier(num_labels=2, seed=run.seed)[1]
    model.to(run.device)
    start = time.perf_counter()
    loop(model, examples, run)
    if run.device.type == "cuda":
        torch.cuda.synchronize()
    return len(examples["labels"]) / (time.perf_counter() - start)


def ratio(runs: dict[str, list[float]], fast: str, slow: str) -> float:
    """How many times faster one row is than another: the median over the repeats."""
    return statistics.median(f / s for f, s in zip(runs[fast], runs[slow], strict=True))


def tokenized(split: Any) -> Examples:
    """Token ids and labels of a split."""
    tokenizer, _ = pretrained.encoder()
    ids = tokenizer(list(split["text"]), truncation=True, max_length=LONGEST)["input_ids"]
    return {"input_ids": ids, "labels": list(split["label"])}


def main(
    examples: Annotated[int, typer.Option(min=1, help="training examples a run")] = 960,
    repeats: Annotated[int, typer.Option(min=1, help="runs of each row")] = 2,
    profile: Annotated[str, typer.Option(help="cpu or gpu")] = "cpu",
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Times every row of the ladder and Trainer; prints examples a second and ratios."""
    run = session.start(profile)
    train_split = load_reviews("binary")["train"]
    chosen = tokenized(train_split.shuffle(seed=0).select(range(min(examples, len(train_split)))))
    loops: dict[str, Callable[[Any, Examples, session.Session], None]] = {
        name: lambda model, seen, run, way=way: train(way, model, seen, run)
        for name, way in ladder().items()
    } | {TRAINER: trainer}
    few = {key: values[:64] for key, values in chosen.items()}
    for loop in loops.values():  # once untimed, so that nobody pays for the warm-up of libraries
        speed(loop, few, run)
    runs: dict[str, list[float]] = {name: [] for name in loops}
    for seed in range(repeats):
        for name, loop in loops.items():
            runs[name].append(speed(loop, chosen, session.start(profile, seed)))
            print(f"{seed} {name}: {runs[name][-1]:.1f}", file=sys.stderr, flush=True)

    table = Table(
        *("one change a row", "examples/s", "over the row before", "over tutorial", "book over it"),
        title=f"{len(chosen['labels'])} examples, median of {repeats}, "
        f"{device(profile)}, {run.precision}",
    )
    names = list(loops)
    steps: dict[str, float] = {}
    for before, name in zip([TUTORIAL, *names], names, strict=False):
        if name not in (TUTORIAL, TRAINER):
            steps[name] = ratio(runs, name, before)
        table.add_row(
            name,
            f"{statistics.median(runs[name]):.1f}",
            f"{steps[name]:.2f}" if name in steps else "",
            f"{ratio(runs, name, TUTORIAL):.1f}",
            f"{ratio(runs, BOOK, name):.1f}",
        )
    Console().print(table)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/finetune.py --examples {examples} --repeats {repeats} "
            f"--profile {profile}",
            run,
            examples=len(chosen["labels"]),
            runs=runs,
            median_examples_per_second={name: statistics.median(runs[name]) for name in names},
            over_the_row_before=steps,
            book_over={name: ratio(runs, BOOK, name) for name in names},
        )


if __name__ == "__main__":
    typer.run(main)
