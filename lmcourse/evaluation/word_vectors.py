"""How near two words lie, and which word completes an analogy. `neural/embeddings` teaches both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def unit(vectors: ArrayLike) -> np.ndarray:
    """Each row [V, d] with length 1; a row of zeros stays zero."""
    rows = np.asarray(vectors, dtype=float)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def pair_ranks(vectors: ArrayLike, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Place of b among all words but a, by cosine with a, and of a from b: the mean for each pair.

    1 is the nearest, V − 1 the last; ties count against the pair, and a pair with a vector of zeros
    is last.
    """
    rows, ranks = unit(vectors), []
    for pair in pairs:
        for a, b in (pair, pair[::-1]):
            cosines = rows @ rows[a]  # [V]
            cosines[a] = -2
            known = rows[a].any() and rows[b].any()
            ranks.append((cosines >= cosines[b]).sum() if known else len(rows) - 1)
    return np.reshape(ranks, (-1, 2)).mean(1)


def analogies(
    vectors: ArrayLike,
    pairs: Sequence[tuple[int, int]],
    *,
    exclude: bool = True,
    offset: bool = True,
) -> np.ndarray:
    """Whether d is found from a : b = c : ?, for all ordered couples (a, b), (c, d) of `pairs`.

    The answer is the word nearest to b − a + c, by cosine and with vectors of length 1; `exclude`
    leaves out a, b and c, as is the custom. Without `offset` it is the word nearest to c, and a and
    b say nothing. True where the answer is d [Q]; never where a vector of the four is zero.
    """
    rows = unit(vectors)
    asked = [(a, b, c, d) for a, b in pairs for c, d in pairs if (a, b) != (c, d)]
    a, b, c, d = np.array(asked).T  # [Q] each
    wanted = rows[b] - rows[a] + rows[c] if offset else rows[c]
    cosines = unit(wanted) @ rows.T  # [Q, V]
    if exclude:
        for given in (a, b, c):
            cosines[np.arange(len(asked)), given] = -2
    known = np.linalg.norm(rows, axis=1)[np.array(asked)].all(1)  # [Q]
    return (cosines.argmax(1) == d) & known
