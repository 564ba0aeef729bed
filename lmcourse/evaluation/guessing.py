"""Shannon's game: a text guessed one character at a time, each until it is right.

Shannon, "Prediction and entropy of printed English" (1951), played it with people. A model guesses
from its likeliest character down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from sklearn.isotonic import IsotonicRegression

from lmcourse.text.characters import CharTokenizer


class Counts(Protocol):
    """What is asked of counts, such as `lmcourse.models.ngram.NGram`."""

    def next(self, history: Sequence[int]) -> np.ndarray:
        """The distribution of the next symbol: [V]."""
        ...


@torch.no_grad()
def forecasts(model: torch.nn.Module | Counts, ids: Sequence[int]) -> np.ndarray:
    """The distribution of each of ids[1:] given what stands before: float64 [T - 1, V].

    `model`: counts, or a network in evaluation mode that maps ids [B, T] to logits [B, T, V].
    """
    if isinstance(model, torch.nn.Module):
        logits = model(torch.tensor([ids[:-1]]))[0]  # [T - 1, V]
        return logits.double().softmax(dim=-1).numpy()
    return np.stack([model.next(ids[:t]) for t in range(1, len(ids))])


def play(
    model: torch.nn.Module | Counts, tokenizer: CharTokenizer, text: str
) -> tuple[np.ndarray, np.ndarray]:
    """Surprise in bits and number of guesses for each character of a text: [T], [T].

    The end of a text is neither guessed nor among the guesses, though the surprise allows for it.
    Of characters with one probability the first of the alphabet is guessed first.
    """
    ids = tokenizer.encode(text)[:-1]
    p, ids = forecasts(model, ids), ids[1:]
    right = p[range(len(ids)), ids]  # [T]
    turn = np.argsort(np.argsort(-p[:, 1:], kind="stable"))  # of each character, [T, V - 1]
    return -np.log2(right), turn[range(len(ids)), np.array(ids) - 1] + 1


def code_lengths(guesses: np.ndarray, largest: int) -> np.ndarray:
    """Bits of the guess numbers 1 to `largest`, by how often each was needed: float64 [largest].

    Half a case is added to each, so that none is infinite; numbers of which a later one was needed
    more often share their cases with it, so that no further guess saves bits.
    """
    cases = np.bincount(guesses - 1, minlength=largest) + 0.5
    often = IsotonicRegression(increasing=False).fit_transform(np.arange(largest), cases)
    return -np.log2(often / often.sum())


def widget(
    models: Mapping[str, torch.nn.Module | Counts],
    tokenizer: CharTokenizer,
    texts: Sequence[str],
    by_guess: np.ndarray,
) -> dict[str, Any]:
    """What the widget `shannon` is given, for `lmcourse.live.show`.

    Args:
        models: by name, the first of them of order 1: who gives up goes on with its guesses.
        texts: to be guessed, each from the first word that ends after eight characters.
        by_guess: bits of each guess number.
    """
    starts = [text.index(" ", 8) + 1 for text in texts]
    played = {
        name: [
            np.stack(play(model, tokenizer, text))[:, start:]
            for text, start in zip(texts, starts, strict=True)
        ]
        for name, model in models.items()
    }  # each [2, T]
    alone = next(iter(models.values()))
    frequent = np.argsort(-forecasts(alone, [0, 0])[0], kind="stable")
    return {
        "texts": texts,
        "starts": starts,
        "frequent": "".join(tokenizer.alphabet[i] for i in frequent if i),
        "by_guess": by_guess,
        "rungs": [
            {
                "name": name,
                "bits": [bits for bits, _ in games],
                "guesses": [guesses.astype(int) for _, guesses in games],
            }
            for name, games in played.items()
        ],
        "examples": [
            {
                "text": i,
                "letters": n,
                "rungs": [_summary(games[i][:, :n], by_guess) for games in played.values()],
            }
            for i in range(len(texts))
            for n in (1, 9)
        ],
    }


def _summary(game: np.ndarray, by_guess: np.ndarray) -> list[float]:
    """Share of first guesses that were right, mean bits by guess numbers, mean bits."""
    bits, guesses = game
    coded = by_guess[guesses.astype(int) - 1]
    return [float(each.mean()) for each in (guesses == 1, coded, bits)]
