"""Encoder–decoders that learn to translate JupyterLab, for transformer/encoder_decoder.

    python benchmarks/sweep_encoder_decoder.py

Trained on all training pairs, on a quarter of them (as many passes), and on all of them with empty
sources: then the decoder is a language model alone. Three seeds each, which decide the beginning,
the order and the pairs of the quarter. The record has, of each run,

- `losses`: on validation by passes made, nats a symbol, teacher forced,
- `validation`: what it writes greedily at the end, pair by pair,
- `validation_beam`: with all pairs, what a beam of four writes there,
- `test` and `test_beam`: with all pairs, the same of the test pairs,

and is results/sweeps/cpu/transformer/encoder_decoder.json. Passes, rate and dropout come from a
few runs looked at on validation; they were not tuned further.
"""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import sweep
import torch
import torch.nn.functional as F
from torch import Tensor

from lmcourse.data.ui_strings import load_ui_strings
from lmcourse.generation.translation import beam, greedy, sources
from lmcourse.models.encoder_decoder import EncoderDecoder, EncoderDecoderConfig
from lmcourse.session import Session
from lmcourse.text.batches import LengthBuckets, shifted
from lmcourse.text.characters import CharTokenizer
from lmcourse.text.pieces import learn_pieces, word_pieces
from lmcourse.training.loop import fit

CHAPTER = "transformer/encoder_decoder"
PIECES, PASSES, LOOK_EVERY = 1000, 30, 5
RATE, BATCH, DROPOUT = 2e-3, 32, 0.3
UNKNOWN = "\ufffd"
TRIALS: list[sweep.Trial] = [
    *({"trained": "all", "seed": seed} for seed in range(3)),
    *({"trained": "quarter", "seed": seed} for seed in range(3)),
    *({"trained": "without source", "seed": seed} for seed in range(3)),
]
SHARES = {"quarter": 0.25}
Pair = tuple[list[int], list[int]]


class Translators:
    """The pairs in ids, and how one model is trained on them and measured."""

    def __init__(self) -> None:
        splits = load_ui_strings()
        pieces = learn_pieces(list(splits["train"]["english"]), PIECES)
        self.english = word_pieces(pieces)
        symbols = sorted({symbol for text in splits["train"]["chinese"] for symbol in text})
        self.chinese = CharTokenizer("\n" + UNKNOWN + "".join(symbols))
        self.sizes = len(pieces), self.chinese.vocab_size
        self.pairs = {
            name: [(self.read(row["english"]), self.write(row["chinese"])) for row in splits[name]]
            for name in splits
        }

    def read(self, english: str) -> list[int]:
        return self.english.encode(english).ids

    def write(self, chinese: str) -> list[int]:
        known = (symbol if symbol in self.chinese.alphabet else UNKNOWN for symbol in chinese)
        return self.chinese.encode("".join(known))

    def measure(self, run: Session, trial: sweep.Trial) -> dict[str, Any]:
        """One training, and what comes of it."""
        exact = replace(run, precision="fp32")  # faster than bf16 at this width
        pairs, blank = self.pairs["train"], trial["trained"] == "without source"
        order = np.random.default_rng(trial["seed"]).permutation(len(pairs))
        kept = order[: round(SHARES.get(trial["trained"], 1.0) * len(pairs))]
        chosen = [pairs[i] for i in kept]
        held_out = self.pairs["validation"]
        model = EncoderDecoder(EncoderDecoderConfig(*self.sizes, dropout=DROPOUT))
        buckets = LengthBuckets([len(a) + len(b) for a, b in chosen], BATCH, trial["seed"])
        a_pass, losses = buckets.batches_per_epoch, {}

        def look(step: int) -> None:
            if step % (LOOK_EVERY * a_pass) == 0:
                model.eval()
                with torch.no_grad():
                    losses[step // a_pass] = round(float(loss(model, batch(held_out, blank))), 4)

        begun = time.process_time()
        fit(
            model,
            loss,
            lambda step: batch([chosen[i] for i in buckets(step)], blank),
            steps=PASSES * a_pass,
            learning_rate=RATE,
            session=exact,
            on_step=look,
            label=str(trial),
        )
        result: dict[str, Any] = {
            "pairs": len(chosen),
            "losses": losses,
            "cpu_seconds": round(time.process_time() - begun),
        }
        if blank:
            return result
        for name in ("validation", "test") if trial["trained"] == "all" else ("validation",):
            rows = [source for source, _ in self.pairs[name]]
            result[name] = [self.chinese.decode(ids) for ids in greedy(model, rows)]
            if trial["trained"] == "all":
                found = [beam(model, row, 4)[0] for row in rows]
                result[f"{name}_beam"] = [self.chinese.decode(ids) for ids in found]
        return result


def batch(pairs: list[Pair], blank: bool) -> tuple[Tensor, ...]:
    """source [B, S] and its mask, inputs [B, T] and targets [B, T]; S is 0 when `blank`."""
    source, mask = sources([[] if blank else source for source, _ in pairs])
    return source, mask, *shifted([target for _, target in pairs])


def loss(model: EncoderDecoder, batch: tuple[Tensor, ...]) -> Tensor:
    source, mask, inputs, targets = batch
    logits = model(source, mask, inputs)  # [B, T, V]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


if __name__ == "__main__":
    torch.set_num_threads(1)
    sweep.run(
        CHAPTER,
        "python benchmarks/sweep_encoder_decoder.py",
        TRIALS,
        Translators().measure,
        precision="fp32",
        pieces=PIECES,
        passes=PASSES,
        rate=RATE,
        batch=BATCH,
        dropout=DROPOUT,
    )
