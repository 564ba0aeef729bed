"""Which learning rate, and which head, fine-tune the encoder best: a search on validation.

    python benchmarks/sweep_finetune_sentiment.py [--sentences N] [--seeds S]

One epoch of `bert/finetune_sentiment` for every pair of a head and a rate, once a seed, which draws
the head, the order of sentences, dropout and, with `--sentences`, which of them are used. Accuracy
is on the validation split. Test sentences are not read. The heads:

- mean: a linear layer on the mean of the real tokens' vectors (`SentenceClassifier`);
- shipped pooler: BERT's usual head, [CLS] through the pooler of the file, then a linear layer;
- fresh pooler: the same with the pooler drawn anew, as BERT's initialization would.
"""

from typing import Annotated, Any

import numpy as np
import sweep
import torch
import typer
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from lmcourse.data.reviews import load_reviews
from lmcourse.models import classifier, pretrained
from lmcourse.session import Session
from lmcourse.text.labelled import encode
from lmcourse.training.classification import fine_tune, scores

CHAPTER = "bert/finetune_sentiment"
RATES = (5e-5, 2e-4, 8e-4)
HEADS = ("mean", "shipped pooler", "fresh pooler")
LONGEST = 128


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
    if head == "mean":
        return classifier.fresh(2, seed)
    options = classifier.AS_TRAINED | {"add_pooling_layer": True}
    encoder: Any = AutoModel.from_pretrained(pretrained.encoder_folder(), **options)
    encoder.embeddings.word_embeddings.requires_grad_(False)
    torch.manual_seed(seed)
    if head == "fresh pooler":
        nn.init.normal_(encoder.pooler.dense.weight, std=encoder.config.initializer_range)
        nn.init.zeros_(encoder.pooler.dense.bias)
    return Pooled(encoder)


def main(
    sentences: Annotated[int, typer.Option(min=0, help="for training; 0: all")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="runs of each pair")] = 3,
) -> None:
    """Trains every head with every rate once a seed and prints the accuracies."""
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    rows, labels = {}, {}
    for name, split in load_reviews("binary").items():
        if name != "test":
            rows[name] = encode(list(split["text"]), tokenizer, LONGEST)
            labels[name] = np.array(split["label"])
    used = sentences or len(rows["train"])

    def measure(run: Session, trial: sweep.Trial) -> dict[str, float]:
        order = np.random.default_rng(run.seed).permutation(len(rows["train"]))[:used]
        model = built(trial["head"], run.seed)
        history = fine_tune(
            model,
            [rows["train"][i] for i in order],
            labels["train"][order],
            session=run,
            learning_rate=trial["rate"],
            label=f"{trial['head']}, {trial['rate']}",
        )
        answers = scores(model, rows["validation"], run).argmax(dim=-1).numpy()
        right = float(np.mean(answers == labels["validation"]))
        return {"accuracy": right, "seconds": round(history.seconds, 1)}

    trials = [
        {"head": head, "rate": rate, "seed": seed}
        for seed in range(seeds)
        for head in HEADS
        for rate in RATES
    ]
    command = "python benchmarks/sweep_finetune_sentiment.py"
    command += f" --sentences {sentences} --seeds {seeds}"
    runs = sweep.run(CHAPTER, command, trials, measure, sentences=used)
    for head in HEADS:
        found = {
            rate: [r["accuracy"] for r in runs if (r["head"], r["rate"]) == (head, rate)]
            for rate in RATES
        }
        print(
            f"{head:15}", *(f"{rate:g}: {np.mean(values):.3f} " for rate, values in found.items())
        )


if __name__ == "__main__":
    typer.run(main)
