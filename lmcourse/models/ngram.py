"""Count-based language models of every order, vectorised: the baseline that is hard to beat.

An n-gram of ids a b c is stored as one integer, its digits in base `vocab_size`: (a·V + b)·V + c.
So dropping the oldest symbol is a remainder, dropping the newest a division, and looking up a
million n-grams is one binary search.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np

SMOOTHINGS = ("witten_bell", "add_k", "mle")
LARGEST_CODE = 2**63 - 1


@dataclass(frozen=True)
class _Counts:
    """What was seen at one order: sorted codes, so that a lookup is a binary search."""

    grams: np.ndarray  # [G] codes of the n-grams seen
    gram_counts: np.ndarray  # [G] how often each
    contexts: np.ndarray  # [H] codes of the contexts seen
    totals: np.ndarray  # [H] how often each context was followed by anything
    types: np.ndarray  # [H] by how many different symbols

    @classmethod
    def of(cls, codes: np.ndarray, vocab_size: int) -> "_Counts":
        grams, gram_counts = np.unique(codes, return_counts=True)
        contexts, first, types = np.unique(
            grams // vocab_size, return_index=True, return_counts=True
        )
        totals = np.add.reduceat(gram_counts, first) if len(first) else gram_counts
        return cls(grams, gram_counts, contexts, totals, types)


def _lookup(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """values[i] where keys[i] == wanted, 0 where no key matches; `keys` is sorted."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=values.dtype)
    index = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[index] == wanted, values[index], 0)


class NGram:
    """Predicts a symbol from the `order` - 1 symbols before it; order 1 looks at none.

    `smoothing` decides what a symbol h→w gets after a context h, with c(·) counts in the fitted
    rows, T(h) the number of different symbols seen after h, and h' = h without its oldest symbol:

    - "mle":          c(h,w) / c(h); 0 for what was never seen
    - "add_k":        (c(h,w) + k) / (c(h) + k·V)
    - "witten_bell":  (c(h,w) + T(h)·p(w|h')) / (c(h) + T(h)), down to p = 1/V below order 1
      (Bell, Witten & Cleary 1989; Witten & Bell 1991, method C). An unseen context says nothing,
      and the shorter one decides. Every probability is above zero.

    Rows are lists of ids that open and close with id 0; symbols before the opening count as 0.
    The opening itself is never predicted.
    """

    def __init__(
        self, order: int, vocab_size: int, smoothing: str = "witten_bell", k: float = 1.0
    ) -> None:
        """Raises ValueError for values that make no model, or codes that overflow 64 bits."""
        if order < 1 or vocab_size < 1:
            raise ValueError(
                f"order and vocab_size must be at least 1, got {order} and {vocab_size}"
            )
        if smoothing not in SMOOTHINGS:
            raise ValueError(f"smoothing {smoothing!r} is unknown; choose from {SMOOTHINGS}")
        if smoothing == "add_k" and not k > 0:
            raise ValueError(f"k must be positive, got {k}; for no smoothing choose 'mle'")
        if vocab_size**order > LARGEST_CODE:
            raise ValueError(
                f"order {order} with vocab_size {vocab_size} needs {vocab_size}**{order} codes, "
                "more than 64 bits hold; choose a lower order"
            )
        self.order, self.vocab_size, self.smoothing, self.k = order, vocab_size, smoothing, k
        self._counts: list[_Counts] | None = None  # entry i is of order i + 1

    @property
    def parameters(self) -> int:
        """The number of counts stored: distinct n-grams of the orders that smoothing uses."""
        used = self._fitted if self.smoothing == "witten_bell" else self._fitted[-1:]
        return sum(len(counts.grams) for counts in used)

    def fit(self, rows: Iterable[Sequence[int]]) -> Self:
        """Counts the n-grams of all orders in `rows`, forgetting earlier rows. Returns itself.

        ValueError for an id outside the vocabulary.
        """
        codes, _ = self._codes(list(rows))
        V = self.vocab_size
        self._counts = [_Counts.of(codes % V**n, V) for n in range(1, self.order + 1)]
        return self

    def log_probs(self, row: Sequence[int]) -> np.ndarray:
        """Log-probability in nats of each of row[1:] given what stands before: float64 [T-1].

        Empty for rows of fewer than two ids. -inf where "mle" has not seen the symbol or the
        context. ValueError for an id outside the vocabulary; RuntimeError before `fit`.
        """
        codes, _ = self._codes([row])
        return self._log(codes)

    def nll(self, rows: Iterable[Sequence[int]]) -> np.ndarray:
        """Negative log-likelihood in nats of each row: float64 [rows]; 0 for empty rows."""
        rows = list(rows)
        codes, of_row = self._codes(rows)
        return np.bincount(of_row, weights=-self._log(codes), minlength=len(rows))

    def next(self, context_ids: Sequence[int]) -> np.ndarray:
        """The distribution of the symbol after `context_ids` (any length): float64 [vocab_size].

        Raises ValueError when "mle" has never seen the context, and so has no distribution.
        """
        row = [*context_ids, 0]  # the symbol to predict is replaced by each of the vocabulary
        codes, _ = self._codes([[0, 0] if len(row) == 1 else row])
        distribution = self._probabilities(codes[-1] + np.arange(self.vocab_size))
        if not distribution.any():
            seen = list(context_ids)[-(self.order - 1) :] if self.order > 1 else []
            raise ValueError(f"smoothing 'mle' has never seen the context {seen}")
        return distribution

    @property
    def _fitted(self) -> list[_Counts]:
        if self._counts is None:
            raise RuntimeError("the model has no counts yet: call fit(rows) first")
        return self._counts

    def _codes(self, rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """For each predicted symbol of all rows: the code of its full n-gram, and its row's index.

        Both are int64 [N] with N the sum of len(row) - 1.
        """
        before = self.order - 1  # symbols of context
        padding = [0] * before  # so that even the first symbol has a full context
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        padded = chain.from_iterable(chain(padding, row) for row in rows)
        flat = np.fromiter(padded, dtype=np.int64)
        outside = flat[(flat < 0) | (flat >= self.vocab_size)]
        if len(outside):
            raise ValueError(f"id {outside[0]} is outside the vocabulary of {self.vocab_size}")

        offset = np.concatenate([np.arange(1, n) for n in lengths]) if len(rows) else lengths
        of_row = np.repeat(np.arange(len(rows)), (lengths - 1).clip(min=0))
        starts = np.cumsum(lengths + len(padding)) - lengths  # where each row's own ids begin
        predicted = starts[of_row] + offset
        codes = np.zeros(len(predicted), dtype=np.int64)
        for back in range(before, -1, -1):
            codes = codes * self.vocab_size + flat[predicted - back]
        return codes, of_row

    def _log(self, codes: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):  # log 0 = -inf is what "mle" means to say
            return np.log(self._probabilities(codes))

    def _probabilities(self, codes: np.ndarray) -> np.ndarray:
        V, counts = self.vocab_size, self._fitted
        if self.smoothing == "witten_bell":
            p = np.full(len(codes), 1.0 / V)
            for n, seen in enumerate(counts, start=1):
                gram = codes % V**n
                c = _lookup(seen.grams, seen.gram_counts, gram)
                total = _lookup(seen.contexts, seen.totals, gram // V)
                types = _lookup(seen.contexts, seen.types, gram // V)
                p = np.where(total > 0, (c + types * p) / np.maximum(total + types, 1), p)
            return p
        k = self.k if self.smoothing == "add_k" else 0.0
        c = _lookup(counts[-1].grams, counts[-1].gram_counts, codes)
        total = _lookup(counts[-1].contexts, counts[-1].totals, codes // V)
        mass = total + k * V
        return np.divide(c + k, mass, out=np.zeros(len(codes)), where=mass > 0)
