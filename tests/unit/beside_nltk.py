"""The models of nltk.lm, given the n-grams that ours count."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from nltk.lm.api import LanguageModel

from lmcourse.models.ngram import NGram
from lmcourse.models.ngram_counts import lookup

V = 4  # ids 0 to 3; nltk has a symbol for the unknown besides, so ours has one that never occurs
TRAIN = [[0, 1, 2, 1, 3, 0], [0, 2, 1, 2, 1, 1, 0], [0, 3, 1, 2, 0], [0, 1, 2, 2, 1, 3, 1, 0]]


def told(theirs: LanguageModel, order: int) -> LanguageModel:
    """Their model, fitted on all n-grams that end in a predicted symbol."""
    grams = [
        tuple(map(str, row[end - n : end]))
        for row in TRAIN
        for end in range(2, len(row) + 1)
        for n in range(1, min(order, end) + 1)
    ]
    theirs.fit([grams], vocabulary_text=[str(i) for i in range(V)])
    return theirs


def compare_orders(ours: NGram, theirs: LanguageModel, contexts_of: Sequence[int]) -> None:
    """From order 2 up, each of our orders makes of their shorter context what theirs makes of it.

    Order 1 is left out: below it theirs has nothing, and ours the uniform distribution.
    """
    compared = 0
    for n, level in enumerate(ours.levels[1:], start=2):
        for context in product(contexts_of, repeat=n - 1):
            code = np.array([sum(s * ours.vocab_size**i for i, s in enumerate(context[::-1]))])
            total = lookup(level.contexts, level.totals, code)[0]
            for symbol in range(V):
                words = tuple(map(str, context))
                shorter = theirs.score(str(symbol), words[1:])
                kept = lookup(level.grams, level.kept, code * ours.vocab_size + symbol)[0]
                share = level.share(code)[0]
                expected = (kept / total if total else 0) + share * shorter
                assert theirs.score(str(symbol), words) == pytest.approx(expected)
                compared += bool(kept)
    assert compared > 10
