"""What bfloat16 does to a training, seed by seed, for transformer/training_at_scale.

    python benchmarks/sweep_training_at_scale.py

Every run trains a small GPT (2 layers, width 64) on the characters of the reviews, from scratch,
with the library's loop. A seed draws the weights and the order of the sentences; runs of one seed
share both. Recorded are the bits per character on every second validation sentence and, in every
tenth of the steps, the mean training loss in bits. Test sentences are not read. The five ways:

- fp32: everything in 32 bits;
- bf16 products: under autocast, the weights in fp32;
- all bf16: the whole model, its weights, slopes and the optimizer's means, too;
- fp32, nudged: everything in 32 bits, each first weight moved by about a millionth of itself;
- fp32, rounded: everything in 32 bits, the first weights rounded to bf16 once.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import sweep
import torch

from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.session import Session
from lmcourse.text.batches import batches
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.loop import fit

CHAPTER = "transformer/training_at_scale"
LAYERS, HEADS, WIDTH, BATCH = 2, 4, 64, 8
PRECISIONS = ("fp32", "bf16 products", "all bf16", "fp32, nudged", "fp32, rounded")
RATE, STEPS = 6e-3, 1200


def trials() -> Iterator[sweep.Trial]:
    """Every way once a seed."""
    for seed in range(3):
        for precision in PRECISIONS:
            yield {"precision": precision, "seed": seed}


class Trainer:
    """The sentences, and one run over them."""

    def __init__(self) -> None:
        self.tokenizer = CharTokenizer()
        reviews = load_reviews("text")
        self.rows = {
            split: [self.tokenizer.encode(text) for text in reviews[split]["text"]]
            for split in ("train", "validation")
        }
        self.rows["validation"] = self.rows["validation"][::2]

    def measure(self, run: Session, trial: sweep.Trial) -> dict[str, Any]:
        """One training."""
        config = GPTConfig(self.tokenizer.vocab_size, 288, LAYERS, HEADS, WIDTH, dropout=0.0)
        model = GPT(config)
        if trial["precision"] == "all bf16":
            model.bfloat16()
        if trial["precision"] == "fp32, nudged":
            with torch.no_grad():
                for weight in model.parameters():
                    weight.mul_(1 + 1e-6 * torch.randn_like(weight))
        if trial["precision"] == "fp32, rounded":
            model.bfloat16().float()
        precision = "bf16" if trial["precision"] == "bf16 products" else "fp32"
        history = fit(
            model,
            next_symbol_loss,
            batches(self.rows["train"], BATCH, run.seed),
            steps=STEPS,
            learning_rate=RATE,
            session=replace(run, precision=precision),
        )
        validation = self.rows["validation"]
        nats = nll(model.float(), validation)
        losses = np.array(history.losses) / math.log(2)  # [steps] in bits
        return {
            "bits": round(bits_per_char(nats, n_predicted(validation)), 5),
            "tenths": [round(float(part.mean()), 4) for part in np.split(losses, 10)],
            "seconds": round(history.seconds, 1),
        }


if __name__ == "__main__":
    torch.set_num_threads(1)
    sweep.run(
        CHAPTER,
        "python benchmarks/sweep_training_at_scale.py",
        trials(),
        Trainer().measure,
        precision="by run",
        layers=LAYERS,
        width=WIDTH,
        batch=BATCH,
        rate=RATE,
        steps=STEPS,
    )
