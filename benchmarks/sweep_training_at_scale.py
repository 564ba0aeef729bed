"""What bfloat16, warm-up and clipping do to a training, for transformer/training_at_scale.

    python benchmarks/sweep_training_at_scale.py

Every run trains a small GPT (2 layers, width 64) on the characters of the reviews, from scratch,
with the library's loop. A seed draws the weights and the order of the sentences; runs of one seed
share both. Recorded are the bits per character on every second validation sentence and, in every
tenth of the steps, the mean training loss in bits. Test sentences are not read. The tables:

- precision: all in fp32; products in bf16 (autocast), weights in fp32; weights in bf16, too; and,
  for comparison, fp32 from first weights each moved by about a millionth of itself (nudged), or
  rounded to bf16 once (rounded);
- steady: warm-up over a tenth of the steps or none, gradients clipped to norm 1 or not at all, at
  two learning rates. `spikes` counts the steps whose loss is a bit or more above that before.
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
PRECISIONS = ("fp32", "bf16 products", "bf16 weights", "fp32, nudged", "fp32, rounded")
RATES = (6e-3, 3e-2)
STEPS, STEADY_STEPS = 1200, 500
NEVER = 1e9  # a norm that no gradient reaches


def trials() -> Iterator[sweep.Trial]:
    """Three seeds of either table."""
    for seed in range(3):
        for precision in PRECISIONS:
            same = {"table": "precision", "steps": STEPS, "warmup": 0.1, "clip": 1.0}
            yield same | {"rate": RATES[0], "precision": precision, "seed": seed}
    for seed in range(3):
        for rate in RATES:
            for warmup in (0.1, 0.0):
                for clip in (1.0, NEVER):
                    same = {"table": "steady", "steps": STEADY_STEPS, "precision": "fp32"}
                    yield same | {"rate": rate, "warmup": warmup, "clip": clip, "seed": seed}


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
        """One training; `bits` is None where the loss was no number any more."""
        config = GPTConfig(self.tokenizer.vocab_size, 288, LAYERS, HEADS, WIDTH, dropout=0.0)
        model = GPT(config)
        if trial["precision"] == "bf16 weights":
            model.bfloat16()
        if trial["precision"] == "fp32, nudged":
            with torch.no_grad():
                for weight in model.parameters():
                    weight.mul_(1 + 1e-6 * torch.randn_like(weight))
        if trial["precision"] == "fp32, rounded":
            model.bfloat16().float()
        precision = "bf16" if trial["precision"] == "bf16 products" else "fp32"
        try:
            history = fit(
                model,
                next_symbol_loss,
                batches(self.rows["train"], BATCH, run.seed),
                steps=trial["steps"],
                learning_rate=trial["rate"],
                warmup=trial["warmup"],
                clip=trial["clip"],
                session=replace(run, precision=precision),
            )
        except FloatingPointError:
            return {"bits": None}
        validation = self.rows["validation"]
        nats = nll(model.float(), validation)
        losses = np.array(history.losses) / math.log(2)  # [steps] in bits
        return {
            "bits": round(bits_per_char(nats, n_predicted(validation)), 5),
            "tenths": [round(float(part.mean()), 4) for part in np.split(losses, 10)],
            "spikes": int((np.diff(losses) > 1).sum()),
            "seconds": round(history.seconds, 1),
        }


if __name__ == "__main__":
    torch.set_num_threads(1)
    sweep.run(
        CHAPTER,
        "python benchmarks/sweep_training_at_scale.py",
        trials(),
        Trainer().measure,
        layers=LAYERS,
        width=WIDTH,
        batch=BATCH,
    )
