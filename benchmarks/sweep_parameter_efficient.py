"""Eight ways to fine-tune the encoder, four of them with equally many numbers: accuracy on test.

    OMP_NUM_THREADS=1 python benchmarks/sweep_parameter_efficient.py [--seeds S]

First a search on validation: one epoch over all training sentences for each rate, with one seed
that is not used again. The rate with the lowest mean surprise on validation is taken; while that is
the highest or the lowest, the double or the half of it is tried too. (Full fine-tuning keeps the
rate of benchmarks/sweep_finetune_sentiment.py.) Then the same for every way, at its rate, with each
seed, and its answers to the test sentences. The seed draws the head, what is added, the order and
dropout. Word embeddings stay frozen everywhere. `seconds` are processor seconds.
"""

import functools
import time
from typing import Annotated, Any, cast

import numpy as np
import sweep
import torch
import torch.nn.functional as F
import typer
from transformers import AutoTokenizer

from lmcourse.data.reviews import load_reviews
from lmcourse.models import classifier, pretrained
from lmcourse.models.adalora import AdaLoRA
from lmcourse.models.adapted import Adapted
from lmcourse.models.adapter import Adapters
from lmcourse.models.classifier import SentenceClassifier
from lmcourse.models.lora import LoRA
from lmcourse.models.prefix import Prefix
from lmcourse.session import Session
from lmcourse.text.batches import LengthBuckets, Rows
from lmcourse.text.labelled import encode
from lmcourse.training.classification import padded, scores
from lmcourse.training.loop import fit

CHAPTER = "bert/parameter_efficient"
LONGEST = 128
BATCH = 32
PENALTY = 0.1  # on what P and Q of AdaLoRA lack of being orthonormal
RATES = {
    "full": (2e-4,),
    "LoRA": (1e-3, 2e-3, 4e-3),
    "AdaLoRA": (2e-3, 4e-3, 8e-3),
    "adapters": (1e-3, 2e-3, 4e-3),
    "prefix": (8e-3, 1.6e-2, 3.2e-2),
    "top layer": (2e-4, 4e-4, 8e-4),
    "biases": (2e-3, 4e-3, 8e-3),
    "head": (8e-3, 1.6e-2, 3.2e-2),
}


def built(way: str, seed: int) -> SentenceClassifier | Adapted:
    """The pretrained encoder with what one of the ways trains; fresh numbers from the seed."""
    model = classifier.fresh(2, seed)
    if way == "full":
        return model
    if way == "top layer":
        top = Adapted(model)
        cast(Any, model.encoder).encoder.layer[-1].requires_grad_(True)
        return top
    if way == "biases":  # Ben Zaken et al. 2022
        only = Adapted(model)
        for name, p in only.named_parameters():
            p.requires_grad_(name.endswith(".bias") or name.startswith("classifier.head"))
        return only
    made: dict[str, Any] = {
        "head": Adapted,
        "adapters": functools.partial(Adapters, size=15, seed=seed),
        "prefix": functools.partial(Prefix, length=32, seed=seed),
        "LoRA": functools.partial(LoRA, rank=16, seed=seed),
        "AdaLoRA": functools.partial(AdaLoRA, rank=24, kept=16, seed=seed),
    }
    return made[way](model)


def trained(
    model: torch.nn.Module, rows: Rows, labels: np.ndarray, rate: float, run: Session
) -> float:
    """One epoch of `fine_tune`, with AdaLoRA's penalty and pruning; processor seconds."""
    targets = torch.as_tensor(labels)
    buckets = LengthBuckets([len(row) for row in rows], BATCH, run.seed)
    steps = buckets.batches_per_epoch

    def loss(model: torch.nn.Module, chosen: list[int]) -> torch.Tensor:
        ids, mask = padded([rows[i] for i in chosen], run.device)
        surprise = F.cross_entropy(model(ids, mask).float(), targets[chosen])
        return surprise + PENALTY * model.penalty() if isinstance(model, AdaLoRA) else surprise

    after = model.on_step(steps) if isinstance(model, AdaLoRA) else None
    torch.manual_seed(run.seed)  # dropout
    began = time.process_time()
    fit(
        model,
        loss,
        buckets,
        steps=steps,
        learning_rate=rate,
        session=run,
        on_step=after,
        label=f"{type(model).__name__}, {rate:g}",
    )
    return time.process_time() - began


def main(
    seeds: Annotated[int, typer.Option(min=2, help="runs of each way")] = 3,
) -> None:
    """Searches the rates, runs every way once a seed and prints the accuracies on test."""
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    rows, labels = {}, {}
    for name, split in load_reviews("binary").items():
        rows[name] = encode(list(split["text"]), tokenizer, LONGEST)
        labels[name] = np.array(split["label"])

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        model = built(trial["way"], run.seed)
        seconds = trained(model, rows["train"], labels["train"], trial["rate"], run)
        z = scores(model, rows["validation"], run)  # [N, 2]
        truth = torch.as_tensor(labels["validation"])
        found: dict[str, Any] = {
            "surprise": F.cross_entropy(z, truth).item(),
            "accuracy": float((z.argmax(dim=-1) == truth).float().mean()),
            "seconds": round(seconds, 1),
        }
        if trial["stage"] == "search":
            return found
        right = scores(model, rows["test"], run).argmax(dim=-1).numpy() == labels["test"]
        numbers = [p.numel() for p in model.parameters() if p.requires_grad]
        head = sum(
            p.numel() for p in cast(Any, getattr(model, "classifier", model)).head.parameters()
        )
        found |= {
            "trained": sum(numbers) - head,
            "test": float(np.mean(right)),
            "right": np.packbits(right).tobytes().hex(),
        }
        if isinstance(model, AdaLoRA):
            found["used"] = model.used
            found["ranks"] = {name: int(alive.sum()) for name, alive in model.alive.items()}
        return found

    command = f"python benchmarks/sweep_parameter_efficient.py --seeds {seeds}"
    about: dict[str, Any] = {"sentences": len(rows["train"]), "tested": len(rows["test"])}
    rates = {way: sorted(tried) for way, tried in RATES.items()}
    best = {"full": RATES["full"][0]}
    while open_ways := [way for way in RATES if way not in best]:
        search = [
            {"stage": "search", "way": way, "rate": rate, "seed": seeds}
            for way in RATES
            if way != "full"
            for rate in rates[way]
        ]
        runs = sweep.run(CHAPTER, command, search, measure, **about)
        for way in open_ways:
            tried = [r for r in runs if (r["stage"], r["way"]) == ("search", way)]
            rate = min(tried, key=lambda r: r["surprise"])["rate"]
            if rate == rates[way][-1]:
                rates[way].append(2 * rate)
            elif rate == rates[way][0]:
                rates[way].insert(0, rate / 2)
            else:
                best[way] = rate
    final = [
        {"stage": "final", "way": way, "rate": best[way], "seed": seed}
        for seed in range(seeds)
        for way in RATES
    ]
    runs = sweep.run(CHAPTER, command, search + final, measure, **about)
    for way in RATES:
        values = [r["test"] for r in runs if (r["stage"], r["way"]) == ("final", way)]
        print(f"{way:10} {best[way]:g}", *(f"{value:.3f}" for value in values))


if __name__ == "__main__":
    typer.run(main)
