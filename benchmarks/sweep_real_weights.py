"""SmolLM2 on the book's test sentences: the record of `transformer/real_weights`.

    python benchmarks/sweep_real_weights.py

What stands before a sentence tells the model what kind of text it is. An opening is nothing (the
mark between two texts), a title, or a title and k training sentences drawn with a seed, each on a
line of its own. The parts, in this order:

- choose: each opening, on 100 validation sentences;
- test: nothing, and the opening that was best on validation, on all test sentences.

A sentence is followed by a line break, after nothing by the mark between two texts. For each
sentence: its nats and its tokens, both with the end; on test also how many tokens of its second
half, without the end, are the likeliest there.
"""

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import sweep
import torch
import typer

from lmcourse.data.reviews import load_reviews
from lmcourse.models import pretrained
from lmcourse.models.llama import Cache, Llama, from_reference, reference_config
from lmcourse.session import Session

CHAPTER = "transformer/real_weights"
COMMAND = "python benchmarks/sweep_real_weights.py"
TITLE = "Movie reviews:\n"
BETWEEN_TEXTS = "<|endoftext|>"
CHOICE = [(None, 0), (0, 0), *((k, seed) for k in (8, 32) for seed in range(3))]
VALIDATION, PIECE, ROWS = 100, 200, 20


@functools.cache
def loaded() -> tuple[Any, Llama]:
    """The tokenizer, and the reference's weights in our decoder."""
    tokenizer, reference = pretrained.causal_lm()
    return tokenizer, from_reference(reference.state_dict(), reference_config(reference.config))


@functools.cache
def texts() -> dict[str, list[str]]:
    """The sentences of each split; those of validation in a fixed random order."""
    splits = {name: list(split["text"]) for name, split in load_reviews("text").items()}
    order = np.random.default_rng(0).permutation(len(splits["validation"]))
    return splits | {"validation": [splits["validation"][i] for i in order[:VALIDATION]]}


def opening(shown: int | None, seed: int) -> tuple[list[int], int]:
    """The ids before a sentence and the one after it; `shown` None: nothing before it."""
    tokenizer, _ = loaded()
    between = tokenizer.convert_tokens_to_ids(BETWEEN_TEXTS)
    if shown is None:
        return [between], between
    train = texts()["train"]
    chosen = np.random.default_rng(seed).choice(len(train), shown, replace=False)
    lines = TITLE + "".join(train[i] + "\n" for i in chosen)
    return [between, *tokenizer(lines)["input_ids"]], tokenizer("\n")["input_ids"][0]


@torch.no_grad()
def read(sentences: list[str], shown: int | None, seed: int) -> dict[str, list]:
    """Nats, tokens, and likeliest tokens in the second half, of each sentence."""
    tokenizer, model = loaded()
    before, end = opening(shown, seed)
    rows = [[before[-1], *tokenizer(text)["input_ids"], end] for text in sentences]
    common = Cache(len(before) + max(map(len, rows)))
    if before[:-1]:
        model.hidden(torch.tensor([before[:-1]]), common)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    nats, guessed = [0.0] * len(rows), [0] * len(rows)
    for start in range(0, len(order), ROWS):
        chosen = order[start : start + ROWS]
        longest = max(len(rows[i]) for i in chosen)
        ids = torch.tensor([rows[i] + [0] * (longest - len(rows[i])) for i in chosen])  # [B, T+1]
        cache = Cache(common.max_length)
        cache.length, cache.layers = common.length, dict(common.layers)
        cache.select(torch.zeros(len(chosen), dtype=torch.long))
        logits = model(ids[:, :-1], cache)  # [B, T, V]
        said = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]  # [B, T]
        right = (logits.argmax(-1) == ids[:, 1:]).long()  # [B, T]
        for i, log_p, hits in zip(chosen, said, right, strict=True):
            n = len(rows[i]) - 1
            nats[i] = round(-float(log_p[:n].double().sum()), 3)
            guessed[i] = int(hits[(n - 1) // 2 : n - 1].sum())  # of n - 1 tokens and the end
    return {"nats": nats, "tokens": [len(row) - 1 for row in rows], "guessed": guessed}


def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
    """Reads the sentences of a trial after its opening."""
    split = "validation" if trial["part"] == "choose" else "test"
    chosen = texts()[split][trial["first"] : trial["first"] + PIECE]
    found = read(chosen, trial["shown"], trial["seed"])
    chars = sum(len(text) + 1 for text in chosen)  # with the one end mark
    lines = {name: " ".join(map(str, found[name])) for name in ("nats", "tokens", "guessed")}
    if trial["part"] == "choose":
        del lines["guessed"]
    return lines | {"bits": round(sum(found["nats"]) / math.log(2) / chars, 4)}


def choice() -> Iterator[sweep.Trial]:
    """Every opening."""
    for shown, seed in CHOICE:
        yield {"part": "choose", "shown": shown, "seed": seed, "first": 0}


def main() -> None:
    """Chooses an opening on validation and reads all test sentences after it."""
    runs = sweep.run(CHAPTER, COMMAND, choice(), measure, precision="fp32")
    best = min((run for run in runs if run["part"] == "choose"), key=lambda run: run["bits"])
    trials = [
        {"part": "test", "shown": shown, "seed": seed, "first": first}
        for shown, seed in ((None, 0), (best["shown"], best["seed"]))
        for first in range(0, len(texts()["test"]), PIECE)
    ]
    sweep.run(CHAPTER, COMMAND, [*choice(), *trials], measure, precision="fp32")


if __name__ == "__main__":
    typer.run(main)
