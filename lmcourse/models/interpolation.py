"""Models that mix what was seen after a context with what a shorter context says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmcourse.models.ngram_counts import Counts, contexts_of, lookup, sums


@dataclass(frozen=True)
class Level:
    """One order of such a model: p(w|h) = (kept(h,w) + mass(h)·p(w|h')) / total(h).

    h' is h without its oldest symbol. For every context, the kept counts and the mass add up to
    the total, so that p(·|h) sums to one as p(·|h') does.
    """

    grams: np.ndarray  # [G] codes of the n-grams seen, sorted
    kept: np.ndarray  # [G] what is left of the count of each
    contexts: np.ndarray  # [H] codes of the contexts seen, sorted
    totals: np.ndarray  # [H]
    mass: np.ndarray  # [H] what the shorter context gets

    def share(self, contexts: np.ndarray) -> np.ndarray:
        """mass(h) / total(h), the weight of p(·|h'); 1 for an unseen context."""
        total = lookup(self.contexts, self.totals, contexts)
        mass = lookup(self.contexts, self.mass, contexts)
        return np.where(total > 0, mass / np.maximum(total, 1), 1.0)


def witten_bell(counts: Counts) -> Level:
    """Counts as they are, and as much again for the shorter context as symbols were seen."""
    return Level(
        counts.grams,
        counts.gram_counts,
        counts.contexts,
        counts.totals + counts.types,
        counts.types,
    )


def discounted(
    grams: np.ndarray, counts: np.ndarray, vocab_size: int, discounts: np.ndarray
) -> Level:
    """Counts less what is taken from a count of 1, of 2 and of 3 or more: `discounts`, [3]."""
    taken = np.concatenate([[0.0], discounts])[counts.clip(max=3)]
    contexts, first, _ = contexts_of(grams, vocab_size)
    return Level(grams, counts - taken, contexts, sums(counts, first), sums(taken, first))


def probabilities(levels: Sequence[Level], codes: np.ndarray, vocab_size: int) -> np.ndarray:
    """p(w|h) of n-grams that are at least as long as there are levels: float64 [N].

    Begins at the uniform distribution below order 1. An unseen context says nothing, and the
    shorter one decides.
    """
    p = np.full(len(codes), 1.0 / vocab_size)
    for n, level in enumerate(levels, start=1):
        gram = codes % vocab_size**n
        kept = lookup(level.grams, level.kept, gram)
        total = lookup(level.contexts, level.totals, gram // vocab_size)
        mass = lookup(level.contexts, level.mass, gram // vocab_size)
        p = np.where(total > 0, (kept + mass * p) / np.maximum(total, 1), p)
    return p
