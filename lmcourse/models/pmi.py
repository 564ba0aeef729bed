"""Words by the company they keep, counted: the chapter `neural/embeddings` teaches it.

Levy & Goldberg (2014), https://papers.nips.cc/paper/5477, and Levy, Goldberg & Dagan (2015),
https://aclanthology.org/Q15-1016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def company(rows: Sequence[Sequence[int]], vocab_size: int, window: int = 5) -> csr_matrix:
    """How often two words stand together [V, V], a pair d places apart as 1 − (d − 1)/window.

    That is the chance that skip-gram, which draws its reach, takes the pair. ValueError when no row
    has two words, or the window is below 1.
    """
    from scipy.sparse import csr_matrix

    if window < 1 or not any(len(row) > 1 for row in rows):
        raise ValueError(f"rows hold no pair of words in a window of {window}")
    ids = np.concatenate([part for row in rows for part in (row, [-1] * window)]).astype(np.int64)
    total = csr_matrix((vocab_size, vocab_size))
    for away in range(1, window + 1):
        left, right = ids[:-away], ids[away:]
        inside = (left >= 0) & (right >= 0)
        weight = np.full(inside.sum(), 1 - (away - 1) / window)
        total = total + csr_matrix((weight, (left[inside], right[inside])), shape=total.shape)
    return (total + total.T).tocsr()


def positive_pmi(counts: csr_matrix, negatives: float = 1, power: float = 0.75) -> csr_matrix:
    """max(0, PMI − log k) [V, V], contexts in proportion to count^`power`, k being `negatives`."""
    from scipy.sparse import csr_matrix

    cells = counts.tocoo()
    often = np.asarray(counts.sum(1)).ravel()  # [V]
    noise = often**power / (often**power).sum()  # [V]
    pmi = np.log(cells.data / (often[cells.row] * noise[cells.col])) - np.log(negatives)
    kept = pmi > 0
    places = cells.row[kept], cells.col[kept]
    return csr_matrix((pmi[kept], places), shape=counts.shape)


def factorize(matrix: csr_matrix, dim: int, power: float = 1.0) -> np.ndarray:
    """The best `dim` dimensions, U·S^`power` [V, dim]; ValueError unless 1 ≤ dim < V."""
    from scipy.sparse.linalg import svds

    if not 1 <= dim < min(matrix.shape):
        raise ValueError(f"dim must be from 1 to {min(matrix.shape) - 1}, not {dim}")
    start = np.random.default_rng(0).normal(size=min(matrix.shape))
    left, strength, _ = svds(matrix, k=dim, v0=start)
    return left * strength**power
