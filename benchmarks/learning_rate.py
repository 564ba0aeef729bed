"""Which learning rate, and which head, fine-tune the encoder best: a search on validation.

    python benchmarks/learning_rate.py [--sentences N] [--seeds S] [--json FILE]

One epoch of `bert/finetune_sentiment` for every pair of a head and a rate, once a seed, which draws
the head, the order of sentences, dropout and, with `--sentences`, which of them are used. Accuracy
is on the validation split. Test sentences are not read. The heads:

- mean: a linear layer on the mean of the real tokens' vectors (`SentenceClassifier`);
- shipped pooler: BERT's usual head, [CLS] through the pooler of the file, then a linear layer;
- fresh pooler: the same with the pooler drawn anew, as BERT's initialization would.

The record is written after each run, and the same command goes on from it. The chapter shows
results/choices/cpu/bert/finetune_sentiment.json.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import storing
import torch
import torch.nn.functional as F
import typer
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.models import pretrained
from lmcourse.models.classifier import SentenceClassifier
from lmcourse.text.batches import LengthBuckets, by_length, pad
from lmcourse.training.loop import fit

CHAPTER = "bert/finetune_sentiment"
RATES = (5e-5, 2e-4, 8e-4)
HEADS = ("mean", "shipped pooler", "fresh pooler")
BATCH, LONGEST = 32, 128
OPTIONS = {  # those of the chapter
    "dtype": "float32",
    "attn_implementation": "eager",
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


class Pooled(nn.Module):
    """BERT's usual head, called as a `SentenceClassifier` is."""

    def __init__(self, encoder: Any, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, 2)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        return self.head(self.dropout(encoded.pooler_output))


def built(head: str, seed: int) -> nn.Module:
    """The pretrained encoder under one of `HEADS`; what is fresh is drawn from `seed`."""
    folder = pretrained.encoder_folder()
    encoder: Any = AutoModel.from_pretrained(folder, add_pooling_layer=head != "mean", **OPTIONS)
    encoder.embeddings.word_embeddings.requires_grad_(False)
    torch.manual_seed(seed)
    if head == "fresh pooler":
        nn.init.normal_(encoder.pooler.dense.weight, std=encoder.config.initializer_range)
        nn.init.zeros_(encoder.pooler.dense.bias)
    return SentenceClassifier(encoder, 2) if head == "mean" else Pooled(encoder)


def scores(model: nn.Module, rows: list[list[int]]) -> Tensor:
    """Scores [B, 2] of rows of ids, in fp32; 0 is [PAD]."""
    ids = pad(rows, 0).to(next(model.parameters()).device)  # [B, T]
    return model(ids, (ids != 0).long()).float()


def reached(
    head: str, rate: float, data: dict[str, tuple[list[list[int]], np.ndarray]], run: Any
) -> dict[str, float]:
    """The accuracy on validation after one epoch, and the seconds that training took."""
    rows, labels = data["train"]
    buckets = LengthBuckets([len(row) for row in rows], BATCH, seed=run.seed)
    model = built(head, run.seed)
    torch.manual_seed(run.seed)
    history = fit(
        model,
        lambda model, batch: F.cross_entropy(
            scores(model, [rows[i] for i in batch]), torch.tensor(labels[batch], device=run.device)
        ),
        buckets,
        steps=buckets.batches_per_epoch,
        learning_rate=rate,
        session=run,
        label=f"{head}, {rate}",
    )
    rows, labels = data["validation"]
    right = 0
    with torch.inference_mode(), run.autocast():
        for batch in by_length([len(row) for row in rows], 64):
            answers = scores(model, [rows[i] for i in batch]).argmax(dim=-1).cpu().numpy()
            right += int((answers == labels[batch]).sum())
    return {"accuracy": right / len(labels), "seconds": round(history.seconds, 1)}


def kept(json_file: Path | None, command: str) -> list[dict[str, Any]]:
    """The runs in a record that the same command has left unfinished."""
    if json_file is None or not json_file.is_file():
        return []
    record = json.loads(json_file.read_text(encoding="utf8"))
    return record["runs"] if record["command"] == command else []


def main(
    sentences: Annotated[int, typer.Option(min=0, help="for training; 0: all")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="runs of each pair")] = 3,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Trains every head with every rate once a seed and prints the accuracies."""
    run = session.start("cpu")
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    reviews = load_reviews("binary")
    data = {}
    for name in ("train", "validation"):
        texts, labels = list(reviews[name]["text"]), np.array(reviews[name]["label"])
        ids = tokenizer(texts, truncation=True, max_length=LONGEST)["input_ids"]
        data[name] = (ids, labels)
    command = f"python benchmarks/learning_rate.py --sentences {sentences} --seeds {seeds}"
    runs = kept(json_file, command)
    ids, labels = data["train"]
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(ids))[: sentences or len(ids)]
        data["train"] = ([ids[i] for i in order], labels[order])
        for head in HEADS:
            for rate in RATES:
                trial = {"head": head, "rate": rate, "seed": seed}
                if any(trial.items() <= done.items() for done in runs):
                    continue
                run = session.start("cpu", seed)
                runs.append(trial | reached(head, rate, data, run))
                print(runs[-1], file=sys.stderr, flush=True)
                if json_file is not None:
                    stored = {"chapter": CHAPTER, "sentences": len(order), "runs": runs}
                    storing.write(json_file, command, run, **stored)
    for head in HEADS:
        means = [
            float(np.mean([r["accuracy"] for r in runs if (r["head"], r["rate"]) == (head, rate)]))
            for rate in RATES
        ]
        print(f"{head:15}", *(f"{rate:g}: {m:.3f} " for rate, m in zip(RATES, means, strict=True)))


if __name__ == "__main__":
    typer.run(main)
