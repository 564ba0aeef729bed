"""What each knob of fine-tuning does: one of them turned at a time, over seeds, on validation.

    python benchmarks/sweep_hyperparameters.py [--sentences N] [--seeds S]

Every run trains the classifier of `bert/finetune_sentiment` on N of its training sentences with
`SETTING`, but for the knob that is turned. A seed draws the N sentences, the head, the order and
dropout; the runs of one seed share them, so that two settings can be compared within a seed.
Test sentences are not read. The knobs:

- rate: the highest learning rate;
- warmup: the share of the steps in which the rate rises, at two rates;
- batch: sentences a step, at one rate (batch) and at one that grows with the root of the batch;
- epochs: how often each sentence is seen, with loss and accuracy after every epoch;
- layers: how many of the encoder's upper layers are trained, the rest stays as it is;
- head, draw: twelve runs that differ in the head, order and dropout alone, and twelve that differ
  in the sentences alone.
"""

import math
from typing import Annotated, Any

import numpy as np
import sweep
import torch
import torch.nn.functional as F
import typer
from transformers import AutoTokenizer

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.models import classifier, pretrained
from lmcourse.session import Session
from lmcourse.text.labelled import encode
from lmcourse.training.classification import fine_tune, scores

CHAPTER = "bert/hyperparameters"
LONGEST = 128
SETTING = {"rate": 2e-4, "warmup": 0.1, "batch": 32, "epochs": 1, "layers": 6}
RATES = (1e-5, 3e-5, 1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3)
WARMUPS = (0.0, 0.1, 0.3)
BATCHES = (8, 16, 32, 64, 128)
EPOCHS = (1, 2, 4, 8)
LAYERS = (0, 1, 2, 4, 6)
LUCK = 12


def trials(seeds: int) -> list[sweep.Trial]:
    """All runs, each once: the five settings and two seeds, that of the sentences being `draw`."""
    found: dict[tuple[float, ...], sweep.Trial] = {}

    def add(seed: int, draw: int, **turned: float) -> None:
        trial = {**SETTING, **turned, "seed": seed, "draw": draw}
        found[tuple(trial.values())] = trial

    for seed in range(seeds):
        for rate in RATES:
            add(seed, seed, rate=rate)
        for layers in LAYERS:
            add(seed, seed, layers=layers)
        for epochs in EPOCHS:
            add(seed, seed, epochs=epochs)
        for batch in BATCHES:
            add(seed, seed, batch=batch)
            rate = SETTING["rate"] * math.sqrt(batch / SETTING["batch"])
            add(seed, seed, batch=batch, rate=round(rate, 8))
        for warmup in WARMUPS:
            for rate in (SETTING["rate"], 8e-4):
                add(seed, seed, warmup=warmup, rate=rate)
    for luck in range(LUCK):
        add(luck, 0)
        add(0, luck)
    return list(found.values())


def main(
    sentences: Annotated[int, typer.Option(min=64, help="for training")] = 1_500,
    seeds: Annotated[int, typer.Option(min=1, help="runs of each setting")] = 5,
) -> None:
    """Trains with every setting and prints the mean accuracy of each."""
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    rows, labels = {}, {}
    for name, split in load_reviews("binary").items():
        if name != "test":
            rows[name] = encode(list(split["text"]), tokenizer, LONGEST)
            labels[name] = np.array(split["label"])

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        chosen = np.random.default_rng(trial["draw"]).permutation(len(rows["train"]))[:sentences]
        seen = [rows["train"][i] for i in chosen], labels["train"][chosen]
        held_out = rows["validation"], labels["validation"]
        model = classifier.fresh(2, run.seed)
        stack: Any = model.encoder.encoder
        for layer in stack.layer[: 6 - trial["layers"]]:
            layer.requires_grad_(False)
        if trial["layers"] < 6:
            model.encoder.embeddings.requires_grad_(False)
        per_epoch = math.ceil(sentences / trial["batch"])
        looks: list[dict[str, float]] = []

        def look(step: int) -> None:
            if step % per_epoch == 0:
                looks.append(
                    {
                        f"{name} {what}": value
                        for name, data in {"train": seen, "validation": held_out}.items()
                        for what, value in answers(model, *data, run).items()
                    }
                )

        history = fine_tune(
            model,
            *seen,
            session=run,
            learning_rate=trial["rate"],
            warmup=trial["warmup"],
            batch_size=trial["batch"],
            epochs=trial["epochs"],
            on_step=look if trial["epochs"] == max(EPOCHS) else None,
            label=str(trial),
        )
        found: dict[str, Any] = answers(model, *held_out, run)
        if looks:
            found["looks"] = looks
        smooth = np.array(history.losses[-(len(history.losses) // 4 or 1) :])
        return found | {"training loss": round(float(smooth.mean()), 4)}

    command = f"python benchmarks/sweep_hyperparameters.py --sentences {sentences} --seeds {seeds}"
    runs = sweep.run(CHAPTER, command, trials(seeds), measure, sentences=sentences)
    settings: dict[tuple[float, ...], list[float]] = {}
    for run in runs:
        settings.setdefault(tuple(run[name] for name in SETTING), []).append(run["accuracy"])
    for setting, values in settings.items():
        print(dict(zip(SETTING, setting, strict=True)), f"{np.mean(values):.3f}")


def answers(model: Any, rows: Any, labels: np.ndarray, run: session.Session) -> dict[str, float]:
    """Accuracy and mean surprise in nats on some rows."""
    found, targets = scores(model, rows, run), torch.as_tensor(labels)
    accuracy = float((found.argmax(dim=-1) == targets).float().mean())
    return {
        "accuracy": round(accuracy, 4),
        "loss": round(float(F.cross_entropy(found, targets)), 4),
    }


if __name__ == "__main__":
    typer.run(main)
