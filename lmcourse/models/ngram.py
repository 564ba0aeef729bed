"""Count-based language models of every order, vectorised: the baseline that is hard to beat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np

from lmcourse.models.interpolation import Level, probabilities, witten_bell
from lmcourse.models.kneser_ney import kneser_ney
from lmcourse.models.ngram_counts import LARGEST_CODE, Counts, encode, lookup

SMOOTHINGS = ("witten_bell", "kneser_ney", "add_k", "mle")
NOT_FITTED = "the model has no counts yet: call fit(rows) first"


class NGram:
    """Predicts a symbol from the `order` - 1 symbols before it; order 1 looks at none.

    `smoothing` decides what a symbol h→w gets after a context h, with c(·) counts in the fitted
    rows, T(h) the number of different symbols seen after h, and h' = h without its oldest symbol:

    - "mle":          c(h,w) / c(h); 0 for what was never seen
    - "add_k":        (c(h,w) + k) / (c(h) + k·V)
    - "witten_bell":  (c(h,w) + T(h)·p(w|h')) / (c(h) + T(h)), down to p = 1/V below order 1
      (Bell, Witten & Cleary 1989; Witten & Bell 1991, method C). An unseen context says nothing,
      and the shorter one decides. Every probability is above zero.
    - "kneser_ney":   (a(h,w) − D(a(h,w)) + γ(h)·p(w|h')) / a(h), interpolated modified
      Kneser–Ney (Chen & Goodman 1999), down to p = 1/V. a(h,w) is c(h,w) at the highest order and
      where h opens a text; below, the number of different symbols seen before h w. γ(h) is what
      the discounts D take from the counts after h. Unseen contexts as above, and every
      probability is above zero. A context reaches back to the latest 0 in it and no further.

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
        self._levels: list[Level] | None = None  # entry i is of order i + 1; of interpolation
        self._counts: Counts | None = None  # of the full order; of the other smoothings

    @property
    def parameters(self) -> int:
        """The number of counts stored: distinct n-grams of the orders that smoothing uses."""
        used = self.levels if self.interpolates else [self._fitted]
        return sum(len(stored.grams) for stored in used)

    @property
    def interpolates(self) -> bool:
        """Whether shorter contexts have a say."""
        return self.smoothing in ("witten_bell", "kneser_ney")

    @property
    def levels(self) -> list[Level]:
        """What the orders 1, 2, … say, of a smoothing that interpolates them."""
        if self._levels is None:
            raise RuntimeError(NOT_FITTED)
        return self._levels

    def fit(self, rows: Iterable[Sequence[int]]) -> Self:
        """Counts the n-grams of all orders in `rows`, forgetting earlier rows. Returns itself.

        ValueError for an id outside the vocabulary.
        """
        V = self.vocab_size
        codes, _ = encode(list(rows), self.order, V)
        if self.smoothing == "witten_bell":
            orders = range(1, self.order + 1)
            self._levels = [witten_bell(Counts.of(codes % V**n, V)) for n in orders]
        elif self.smoothing == "kneser_ney":
            self._levels = kneser_ney(codes, self.order, V)
        else:
            self._counts = Counts.of(codes, V)
        return self

    def log_probs(self, row: Sequence[int]) -> np.ndarray:
        """Log-probability in nats of each of row[1:] given what stands before: float64 [T-1].

        Empty for rows of fewer than two ids. -inf where "mle" has not seen the symbol or the
        context. ValueError for an id outside the vocabulary; RuntimeError before `fit`.
        """
        codes, _ = encode([row], self.order, self.vocab_size)
        return self._log(codes)

    def nll(self, rows: Iterable[Sequence[int]]) -> np.ndarray:
        """Negative log-likelihood in nats of each row: float64 [rows]; 0 for empty rows."""
        rows = list(rows)
        codes, of_row = encode(rows, self.order, self.vocab_size)
        return np.bincount(of_row, weights=-self._log(codes), minlength=len(rows))

    def next(self, context_ids: Sequence[int]) -> np.ndarray:
        """The distribution of the symbol after `context_ids` (any length): float64 [vocab_size].

        Raises ValueError when "mle" has never seen the context, and so has no distribution.
        """
        row = [*context_ids, 0]  # the symbol to predict is replaced by each of the vocabulary
        row = [0, 0] if len(row) == 1 else row
        codes, _ = encode([row], self.order, self.vocab_size)
        distribution = self._probabilities(codes[-1] + np.arange(self.vocab_size))
        if not distribution.any():
            seen = list(context_ids)[-(self.order - 1) :] if self.order > 1 else []
            raise ValueError(f"smoothing 'mle' has never seen the context {seen}")
        return distribution

    @property
    def _fitted(self) -> Counts:
        if self._counts is None:
            raise RuntimeError(NOT_FITTED)
        return self._counts

    def _log(self, codes: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):  # log 0 = -inf is what "mle" means to say
            return np.log(self._probabilities(codes))

    def _probabilities(self, codes: np.ndarray) -> np.ndarray:
        if self.interpolates:
            return probabilities(self.levels, codes, self.vocab_size)
        V, counts = self.vocab_size, self._fitted
        k = self.k if self.smoothing == "add_k" else 0.0
        c = lookup(counts.grams, counts.gram_counts, codes)
        total = lookup(counts.contexts, counts.totals, codes // V)
        mass = total + k * V
        return np.divide(c + k, mass, out=np.zeros(len(codes)), where=mass > 0)
