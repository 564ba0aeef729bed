"""Count-based language models of every order, vectorised: the baseline that is hard to beat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np

from lmcourse.models.absolute_discounting import absolute_discounting
from lmcourse.models.interpolation import Level, probabilities, witten_bell
from lmcourse.models.jelinek_mercer import jelinek_mercer
from lmcourse.models.kneser_ney import kneser_ney
from lmcourse.models.ngram_counts import LARGEST_CODE, Counts, encode, lookup
from lmcourse.models.ngram_tables import Table, score, tables

SHORTER_HAVE_A_SAY = ("witten_bell", "kneser_ney", "absolute_discounting", "jelinek_mercer")
SMOOTHINGS = (*SHORTER_HAVE_A_SAY, "add_k", "mle")
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
    - "jelinek_mercer": λ·c(h,w)/c(h) + (1 − λ)·p(w|h'), down to p = 1/V, with a weight λ for each
      order (Jelinek & Mercer 1980).
    - "absolute_discounting": (c(h,w) − D + D·T(h)·p(w|h')) / c(h) for what was seen, and without
      c(h,w) − D for what was not, down to p = 1/V (Ney, Essen & Kneser 1994). D is `discount`, or
      n1/(n1 + 2·n2) of each order, where n1 and n2 n-grams were seen once and twice.
    - "kneser_ney":   (a(h,w) − D(a(h,w)) + γ(h)·p(w|h')) / a(h), interpolated modified
      Kneser–Ney (Chen & Goodman 1999), down to p = 1/V. a(h,w) is c(h,w) at the highest order and
      where h opens a text; below, the number of different symbols seen before h w. γ(h) is what
      the discounts D take from the counts after h. A `discount` replaces all D (Kneser & Ney
      1995).

    In the last three unseen contexts are as above, a context reaches back to the latest 0 in it and
    no further, and every probability is above zero unless a weight is 1.

    Rows are lists of ids that open and close with id 0; symbols before the opening count as 0.
    The opening itself is never predicted.
    """

    def __init__(
        self,
        order: int,
        vocab_size: int,
        smoothing: str = "witten_bell",
        k: float = 1.0,
        *,
        discount: float | None = None,
        weights: float | Sequence[float] = 0.5,
    ) -> None:
        """Raises ValueError for values that make no model, or codes that overflow 64 bits.

        `k`, `discount` and `weights` are for the smoothings above that name them. `weights` is one
        λ for all orders, or one for each of the orders 1, 2, …
        """
        if order < 1 or vocab_size < 1:
            raise ValueError(
                f"order and vocab_size must be at least 1, got {order} and {vocab_size}"
            )
        if smoothing not in SMOOTHINGS:
            raise ValueError(f"smoothing {smoothing!r} is unknown; choose from {SMOOTHINGS}")
        if smoothing == "add_k" and not k > 0:
            raise ValueError(f"k must be positive, got {k}; for no smoothing choose 'mle'")
        if discount is not None and not 0 < discount <= 1:
            raise ValueError(f"discount must be above 0 and at most 1, got {discount}")
        shares = [weights] * order if isinstance(weights, int | float) else [*weights]
        if len(shares) != order or not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"weights must be {order} numbers from 0 to 1, got {weights}")
        if vocab_size**order > LARGEST_CODE:
            raise ValueError(
                f"order {order} with vocab_size {vocab_size} needs {vocab_size}**{order} codes, "
                "more than 64 bits hold; choose a lower order"
            )
        self.order, self.vocab_size, self.smoothing, self.k = order, vocab_size, smoothing, k
        self.discount, self.weights = discount, shares
        self._levels: list[Level] | None = None  # entry i is of order i + 1; of interpolation
        self._tables: list[Table] | None = None  # made of them when a text is first scored
        self._counts: Counts | None = None  # of the full order; of the other smoothings

    @property
    def parameters(self) -> int:
        """The number of counts stored: distinct n-grams of the orders that smoothing uses."""
        used = self.levels if self.interpolates else [self._fitted]
        return sum(len(stored.grams) for stored in used)

    @property
    def interpolates(self) -> bool:
        """Whether shorter contexts have a say."""
        return self.smoothing in SHORTER_HAVE_A_SAY

    @property
    def levels(self) -> list[Level]:
        """What the orders 1, 2, … say, of a smoothing that interpolates them."""
        if self._levels is None:
            raise RuntimeError(NOT_FITTED)
        return self._levels

    def fit(self, rows: Iterable[Sequence[int]]) -> Self:
        """Counts the n-grams of all orders in `rows`, forgetting earlier rows. Returns itself.

        ValueError for an id outside the vocabulary, and for a row that does not open with 0.
        """
        V, order, rows = self.vocab_size, self.order, list(rows)
        for i, row in enumerate(rows):
            if len(row) and row[0] != 0:
                raise ValueError(f"row {i} opens with id {row[0]}, not with the boundary, id 0")
        codes, _ = encode(rows, order, V)
        self._tables = None
        if self.smoothing == "witten_bell":
            self._levels = [witten_bell(Counts.of(codes % V**n, V)) for n in range(1, order + 1)]
        elif self.smoothing == "jelinek_mercer":
            self._levels = jelinek_mercer(codes, order, V, self.weights)
        elif self.smoothing == "absolute_discounting":
            self._levels = absolute_discounting(codes, order, V, self.discount)
        elif self.smoothing == "kneser_ney":
            self._levels = kneser_ney(codes, order, V, self.discount)
        else:
            self._counts = Counts.of(codes, V)
        return self

    def log_probs(self, row: Sequence[int]) -> np.ndarray:
        """Log-probability in nats of each of row[1:] given what stands before: float64 [T-1].

        Empty for rows of fewer than two ids. -inf where "mle" has not seen the symbol or the
        context. ValueError for an id outside the vocabulary; RuntimeError before `fit`.
        """
        log_p, _ = self._score([row])
        return log_p

    def nll(self, rows: Iterable[Sequence[int]]) -> np.ndarray:
        """Negative log-likelihood in nats of each row: float64 [rows]; 0 for empty rows.

        All rows are scored together: far faster than one by one.
        """
        rows = list(rows)
        log_p, of_row = self._score(rows)
        return np.bincount(of_row, weights=-log_p, minlength=len(rows))

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

    def _score(self, rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """The log-probability of each predicted symbol of all rows, and its row's index: [N]."""
        if self.interpolates:
            if self._tables is None:
                self._tables = tables(self.levels, self.vocab_size)
            p, of_row = score(self._tables, rows, self.vocab_size)
        else:
            codes, of_row = encode(rows, self.order, self.vocab_size)
            p = self._probabilities(codes)
        with np.errstate(divide="ignore"):  # log 0 = -inf is what "mle" means to say
            return np.log(p), of_row

    def _probabilities(self, codes: np.ndarray) -> np.ndarray:
        if self.interpolates:
            return probabilities(self.levels, codes, self.vocab_size)
        V, counts = self.vocab_size, self._fitted
        k = self.k if self.smoothing == "add_k" else 0.0
        c = lookup(counts.grams, counts.gram_counts, codes)
        total = lookup(counts.contexts, counts.totals, codes // V)
        mass = total + k * V
        return np.divide(c + k, mass, out=np.zeros(len(codes)), where=mass > 0)
