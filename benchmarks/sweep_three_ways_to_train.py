"""One fine-tuning in three programs: a loop by hand, transformers' `Trainer`, and Keras on torch.

    python benchmarks/sweep_three_ways_to_train.py [--sentences N] [--seeds S]

- accuracy: each program fine-tunes the encoder once a seed, for eight epochs with one schedule, in
  an order of sentences that is its own. Keras stops when its best epoch, by the accuracy on 256
  validation sentences, is three epochs old, and goes back to it. The answers to the other
  validation sentences are kept, 1 for right and 0 for wrong.
- speed: the three programs take the same 12 steps, on the same batches, one after the other;
  seconds of the processor, not of the clock. Start with OMP_NUM_THREADS=1.

The seed draws the training sentences, the head, the order and dropout; test sentences are not read.
"""

import os
import tempfile
import time
from typing import Annotated, Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import sweep
import torch
import torch.nn.functional as F
import typer
from torch import Tensor, nn
from transformers import AutoTokenizer, PrinterCallback, Trainer, TrainingArguments

from lmcourse.data.reviews import load_reviews
from lmcourse.models import classifier, pretrained
from lmcourse.session import Session
from lmcourse.text.batches import LengthBuckets
from lmcourse.text.labelled import encode
from lmcourse.training.classification import padded, scores

CHAPTER = "bert/three_ways_to_train"
PROGRAMS = ("hand", "Trainer", "Keras")
RATE, BATCH, EPOCHS, PATIENCE, WATCHED = 2e-4, 32, 8, 3, 256
Examples = list[dict[str, Any]]


def collate(examples: Examples) -> dict[str, Tensor]:
    """Ids and mask [B, T] and labels [B] of some sentences."""
    ids, mask = padded([example["input_ids"] for example in examples], torch.device("cpu"))
    labels = torch.tensor([example["labels"] for example in examples])
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def factor(step: int, steps: int) -> float:
    """As `Trainer` counts: 0 at step 0, up over a tenth of the steps, then down."""
    warmup = round(0.1 * steps)
    return min(step / warmup, (steps - step) / (steps - warmup))


class WithLoss(nn.Module):
    """What `Trainer` wants of a model: the loss, when it is given labels."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> dict[str, Any]:
        logits = self.model(input_ids, attention_mask)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class KerasClassifier(keras.Model):
    """What Keras wants of a model: a layer that it can call."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.wrapped = keras.layers.TorchModuleWrapper(model)

    def build(self, *shapes: Any) -> None:
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.wrapped(*inputs, training=training)


class Batches(keras.utils.PyDataset):
    """Batches as Keras asks for them, by number."""

    def __init__(self, batches: list[Examples]) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        batch = collate(self.batches[index])
        return (batch["input_ids"], batch["attention_mask"]), batch["labels"]


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """`factor` for Keras."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, step: Any) -> float:
        return RATE * factor(int(step), self.steps)


def by_hand(model: nn.Module, batches: list[Examples], seed: int) -> None:
    """One step a batch, in this order."""
    torch.manual_seed(seed)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": 0.01},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups)
    for step, examples in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = RATE * factor(step, len(batches))
        batch = collate(examples)
        loss = F.cross_entropy(model(batch["input_ids"], batch["attention_mask"]), batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def by_trainer(
    model: nn.Module, examples: Examples, seed: int, steps: int, size: int, **options: Any
) -> None:
    """`steps` steps of `size` sentences, in an order of `Trainer`'s own."""
    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(
            place,
            max_steps=steps,
            per_device_train_batch_size=size,
            learning_rate=RATE,
            warmup_steps=round(0.1 * steps),
            weight_decay=0.01,
            optim="adamw_torch",
            seed=seed,
            use_cpu=True,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **options,
        )
        trainer = Trainer(
            WithLoss(model),
            arguments,
            train_dataset=examples,
            data_collator=collate,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def by_keras(
    model: nn.Module,
    batches: list[Examples],
    seed: int,
    epochs: int,
    watched: list[Examples] | None = None,
) -> dict[str, list[float]]:
    """The batches, in random order when some are watched; losses and accuracies by epoch."""
    keras.utils.set_random_seed(seed)
    wrapped = KerasClassifier(model)
    steps = epochs * len(batches)
    optimizer = keras.optimizers.AdamW(
        Schedule(steps), weight_decay=0.01, epsilon=1e-8, global_clipnorm=1.0
    )
    optimizer.exclude_from_weight_decay([v for v in wrapped.trainable_variables if v.ndim < 2])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    wrapped.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    options: dict[str, Any] = {"shuffle": False}
    if watched:
        stop = keras.callbacks.EarlyStopping(
            "val_accuracy", mode="max", patience=PATIENCE, restore_best_weights=True
        )
        options = {"validation_data": Batches(watched), "callbacks": [stop]}
    history = wrapped.fit(Batches(batches), epochs=epochs, verbose=0, **options).history
    return {name: [round(float(x), 5) for x in values] for name, values in history.items()}


def main(
    sentences: Annotated[int, typer.Option(min=64, help="for training")] = 512,
    seeds: Annotated[int, typer.Option(min=1, help="runs of each program")] = 3,
) -> None:
    """Runs the three programs once a seed and prints accuracies and times."""
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    rows: dict[str, list[list[int]]] = {}
    labels: dict[str, Any] = {}
    for name, split in load_reviews("binary").items():
        if name != "test":
            rows[name] = encode(list(split["text"]), tokenizer, 128)
            labels[name] = np.array(split["label"])
    watched: Examples = [
        {"input_ids": row, "labels": int(label)}
        for row, label in zip(rows["validation"], labels["validation"], strict=True)
    ][:WATCHED]
    watched.sort(key=lambda example: len(example["input_ids"]))
    watched_batches = [watched[i : i + 64] for i in range(0, WATCHED, 64)]

    def drawn(seed: int, n: int, size: int) -> tuple[Examples, LengthBuckets]:
        order = np.random.default_rng(seed).permutation(len(rows["train"]))[:n]
        found: Examples = [
            {"input_ids": rows["train"][i], "labels": int(labels["train"][i])} for i in order
        ]
        return found, LengthBuckets([len(e["input_ids"]) for e in found], size, seed)

    def accuracy(run: Session, program: str) -> dict[str, Any]:
        examples, buckets = drawn(run.seed, sentences, BATCH)
        once = buckets.batches_per_epoch
        batches = [[examples[i] for i in buckets(s)] for s in range(EPOCHS * once)]
        model = classifier.fresh(2, run.seed)
        more: dict[str, Any] = {}
        if program == "hand":
            by_hand(model, batches, run.seed)
        elif program == "Trainer":
            by_trainer(model, examples, run.seed, len(batches), BATCH)
        else:
            past = by_keras(model, batches[:once], run.seed, EPOCHS, watched_batches)
            more = {"history": past}
        answers = scores(model, rows["validation"][WATCHED:], run).argmax(dim=-1).numpy()
        right = answers == labels["validation"][WATCHED:]
        return {
            "accuracy": float(np.mean(right)),
            **more,
            "right": "".join(str(int(x)) for x in right),
        }

    def speed(run: Session) -> dict[str, Any]:
        examples, buckets = drawn(run.seed, 12 * 16, 16)
        batches = [[examples[i] for i in buckets(s)] for s in range(12)]
        in_order = [example for batch in batches for example in batch]
        programs = {
            "hand": lambda model: by_hand(model, batches, run.seed),
            "Trainer": lambda model: by_trainer(
                model, in_order, run.seed, 12, 16, train_sampling_strategy="sequential"
            ),
            "Keras": lambda model: by_keras(model, batches, run.seed, 1),
        }
        by_hand(classifier.fresh(2, run.seed), batches, run.seed)  # kernels are made here
        seconds = {}
        for name in np.roll(PROGRAMS, run.seed).tolist():
            model = classifier.fresh(2, run.seed)
            began = time.process_time()
            programs[name](model)
            seconds[name] = round(time.process_time() - began, 3)
        return {"seconds": seconds}

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        return speed(run) if trial["what"] == "speed" else accuracy(run, trial["program"])

    trials: list[sweep.Trial] = [
        {"what": "accuracy", "program": program, "seed": seed}
        for seed in range(seeds)
        for program in PROGRAMS
    ]
    trials += [{"what": "speed", "seed": seed} for seed in range(3)]
    command = "python benchmarks/sweep_three_ways_to_train.py"
    command += f" --sentences {sentences} --seeds {seeds}"
    runs = sweep.run(CHAPTER, command, trials, measure, sentences=sentences, epochs=EPOCHS)
    for program in PROGRAMS:
        found = [r["accuracy"] for r in runs if r.get("program") == program]
        times = [r["seconds"][program] for r in runs if r["what"] == "speed"]
        print(f"{program:8} {np.mean(found):.3f}", found, times)


if __name__ == "__main__":
    typer.run(main)
