"""How many examples a second three loops fine-tune BERT on, on the same data, run in turn.

    python benchmarks/finetune.py [--examples N] [--repeats R] [--profile cpu|gpu] [--json FILE]

- tutorial: what most tutorials publish. Every text padded to 128 tokens, fp32, AdamW with its loop
  over parameters in Python (`foreach=False, fused=False`), one `.item()` a step.
- book: `lmcourse.training.loop.fit` on `LengthBuckets`. Batches of similar length padded to their
  longest, bf16 products where the hardware has them, fused AdamW.
- Trainer: `transformers.Trainer` with its default settings (batches of 8, 5e-5), not saving.

All see each example once, with a linearly falling learning rate; tutorial and book have the same
peak and batches of 16, so they also make the same number of updates. Each repeat has its own seed
for the head and the order of examples, the three loops take turns within it, and only training is
timed. Accuracy is on the validation split, with a Student interval over the repeats; these are too
few for a verdict, which is what benchmarks/accuracy.py is for. Run it on a quiet machine: two
processes with two threads each on two cores mostly wait for one another. The last record is
benchmarks/finetune.json.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import storing
import torch
import transformers
import typer
from rich.console import Console
from rich.table import Table

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import seeds_interval
from lmcourse.models import pretrained
from lmcourse.runner.machine import device
from lmcourse.text.batches import LengthBuckets, pad
from lmcourse.training.loop import fit

BATCH, LEARNING_RATE, LONGEST = 16, 1e-4, 128
Examples = dict[str, list]  # input_ids, labels


def collate(examples: Examples, items: list[int], width: int | None = None) -> dict[str, Any]:
    """A batch for the model, padded to its longest text or to `width` tokens."""
    rows = [examples["input_ids"][i] for i in items]
    if width is not None:
        rows = [*rows, [0] * width]  # one more row of the wanted width, dropped below
    ids = pad(rows, 0)[: len(items)]  # [B, T]; 0 is [PAD]
    labels = torch.tensor([examples["labels"][i] for i in items])  # [B]
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": labels}


def tutorial(
    model: Any, examples: Examples, run: session.Session, width: int | None = LONGEST
) -> None:
    """The published loop; `width` None pads each batch to its longest text only."""
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, foreach=False, fused=False)
    order = torch.randperm(len(examples["labels"]), generator=run.generator()).tolist()
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=len(batches))
    model.train()
    total = 0.0
    for items in batches:
        batch = collate(examples, items, width)
        loss = model(**{name: tensor.to(run.device) for name, tensor in batch.items()}).loss
        loss.backward()
        optimizer.step()
        falling.step()
        optimizer.zero_grad()
        total += loss.item()


def book(model: Any, examples: Examples, run: session.Session) -> None:
    """The loop of this book."""
    lengths = [len(ids) for ids in examples["input_ids"]]
    buckets = LengthBuckets(lengths, BATCH, seed=run.seed)
    fit(
        model,
        lambda model, batch: model(**batch).loss,
        lambda step: collate(examples, buckets(step)),
        steps=buckets.batches_per_epoch,
        learning_rate=LEARNING_RATE,
        session=run,
        label="book",
    )


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


LOOPS: dict[str, Callable[[Any, Examples, session.Session], None]] = {
    "tutorial": tutorial,
    "book": book,
    "Trainer": trainer,
}


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


def timed(name: str, examples: Examples, held_out: Examples, run: session.Session) -> dict:
    """One training run from the pretrained weights: examples a second, and accuracy after it."""
    model: Any = pretrained.classifier(num_labels=2, seed=run.seed)[1]
    model.to(run.device)
    start = time.perf_counter()
    LOOPS[name](model, examples, run)
    if run.device.type == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    return {
        "examples_per_second": len(examples["labels"]) / seconds,
        "accuracy": accuracy(model, held_out, run),
    }


def tokenized(split: Any) -> Examples:
    """Token ids and labels of a split."""
    tokenizer, _ = pretrained.encoder()
    ids = tokenizer(list(split["text"]), truncation=True, max_length=LONGEST)["input_ids"]
    return {"input_ids": ids, "labels": list(split["label"])}


def main(
    examples: Annotated[int, typer.Option(min=1, help="training examples a run")] = 2400,
    repeats: Annotated[int, typer.Option(min=1, help="runs of each loop")] = 3,
    profile: Annotated[str, typer.Option(help="cpu or gpu")] = "cpu",
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Times the three loops and prints examples a second, ratios and accuracies."""
    run = session.start(profile)
    reviews = load_reviews("binary")
    chosen = reviews["train"].shuffle(seed=0).select(range(min(examples, len(reviews["train"]))))
    seen, held_out = tokenized(chosen), tokenized(reviews["validation"])
    runs: dict[str, list[dict]] = {name: [] for name in LOOPS}
    few = {key: values[:BATCH] for key, values in seen.items()}
    for name in LOOPS:  # once untimed, so that nobody pays for the warm-up of libraries
        timed(name, few, few, run)
    for seed in range(repeats):
        for name in LOOPS:
            run = session.start(profile, seed)
            runs[name].append(timed(name, seen, held_out, run))
            print(name, seed, runs[name][-1], file=sys.stderr, flush=True)

    speeds = {
        name: statistics.median(r["examples_per_second"] for r in done)
        for name, done in runs.items()
    }
    table = Table(
        "loop",
        "examples/s",
        "book is faster by",
        "accuracy",
        title=f"{len(seen['labels'])} examples, median of {repeats}, "
        f"{device(profile)}, {run.precision}",
    )
    for name, done in runs.items():
        accuracies = [r["accuracy"] for r in done]
        shown = str(seeds_interval(accuracies)) if repeats > 1 else f"{accuracies[0]:.3f}"
        ratio = f"{speeds['book'] / speeds[name]:.1f} times"
        table.add_row(name, f"{speeds[name]:.1f}", ratio, shown)
    Console().print(table)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/finetune.py --examples {examples} --repeats {repeats} "
            f"--profile {profile}",
            run,
            examples=len(seen["labels"]),
            validation_examples=len(held_out["labels"]),
            runs=runs,
            median_examples_per_second=speeds,
            book_over={name: speeds["book"] / speed for name, speed in speeds.items()},
        )


if __name__ == "__main__":
    typer.run(main)
