"""Skip-gram with negative sampling, vectorised. The chapter `neural/embeddings` teaches it.

Mikolov et al. (2013): https://arxiv.org/abs/1310.4546. Instead of one pair of words after another,
a step takes `BLOCKS` stretches of `LENGTH` words. All pairs of a stretch are one small product of
matrices, a mask says which of them are near enough, and a stretch shares its `DRAWN` noise words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor

LENGTH, DRAWN, BLOCKS = 32, 32, 8


class SkipGram:
    """Two vectors a word, `vectors` and `contexts` [V, d], learned by telling pairs from noise.

    For a word w and a neighbour c at most b places away, b drawn from 1 to `window` for each place,
    the loss is −log σ(w·c) − k·E log σ(−w·n), where k is `negatives` and the noise n is drawn in
    proportion to count^`power`. Frequent words are skipped at random: one with the share f of all
    words stays with probability √(t/f) + t/f, t being `subsample` (0: all stay).

    Steps are of AdaGrad with one sum of squares a word (Duchi, Hazan & Singer 2011), so that a word
    that a step holds a hundred times does not run away.
    """

    def __init__(
        self,
        vocab_size: int,
        dim: int = 100,
        window: int = 5,
        negatives: int = 5,
        *,
        subsample: float = 1e-3,
        power: float = 0.75,
        seed: int = 0,
    ) -> None:
        """ValueError for less than two words, or a size below 1."""
        if vocab_size < 2:
            raise ValueError(f"vocab_size is {vocab_size}: with one word there is nothing to learn")
        if min(dim, window, negatives) < 1:
            raise ValueError(
                f"dim, window and negatives must be at least 1, got {dim}, {window}, {negatives}"
            )
        self.window, self.negatives, self.subsample, self.power = (
            window,
            negatives,
            subsample,
            power,
        )
        self.draw = torch.Generator().manual_seed(seed)
        self.vectors = (torch.rand(vocab_size, dim, generator=self.draw) - 0.5) / dim  # [V, d]
        self.contexts = torch.zeros(vocab_size, dim)  # [V, d]
        self._squares = torch.zeros(2, vocab_size)  # of the gradients so far, for either table

    def fit(
        self, rows: Sequence[Sequence[int]], epochs: int = 5, learning_rate: float = 0.3
    ) -> Self:
        """Read the rows of ids so many times, with a rate that falls to zero in a straight line.

        Pairs never reach from one row into another; a window wider than a row ends with the row.
        ValueError when no row has two words.
        """
        if not any(len(row) > 1 for row in rows):
            raise ValueError("rows hold no pair: not one has two words")
        ids = torch.from_numpy(np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]))
        lengths = torch.tensor([len(row) for row in rows])
        row_of = torch.repeat_interleave(torch.arange(len(rows)), lengths)  # [T]
        counts = torch.bincount(ids, minlength=len(self.vectors)).float()  # [V]
        often = counts / counts.sum() / self.subsample if self.subsample else counts * 0
        stays = (often.rsqrt() + 1 / often).clamp(max=1)  # [V]; 1 where often is 0
        self._noise = counts.pow(self.power).double().cumsum(0)  # [V]
        for epoch in range(epochs):
            kept = torch.rand(len(ids), generator=self.draw) < stays[ids]  # [T]
            words, places = self._blocks(ids[kept], 0), self._blocks(row_of[kept], -1)
            order = torch.randperm(len(words), generator=self.draw)
            for start in range(0, len(words), BLOCKS):
                chosen = order[start : start + BLOCKS]
                left = 1 - (epoch + start / len(words)) / epochs
                self._step(words[chosen], places[chosen], learning_rate * left)
        return self

    def _blocks(self, ids: Tensor, outside: int) -> Tensor:
        """Stretches of `LENGTH` [n, LENGTH + 2·window], each with its neighbours on either side."""
        short = -len(ids) % LENGTH
        ends = torch.full((self.window,), outside), torch.full((self.window + short,), outside)
        padded = torch.cat([ends[0], ids, ends[1]])
        return padded.unfold(0, LENGTH + 2 * self.window, LENGTH) if len(ids) else padded[:0, None]

    def _step(self, context: Tensor, place: Tensor, rate: float) -> None:
        """One step on some blocks, ids and rows [B, K]."""
        inner = slice(self.window, self.window + LENGTH)
        word, n = context[:, inner], len(context)  # [B, L]
        reach = torch.randint(1, self.window + 1, (n, LENGTH, 1), generator=self.draw)
        near = within(place[:, inner], place, reach, self.window)  # [B, L, K]
        drawn = torch.rand(n, DRAWN, generator=self.draw, dtype=torch.float64) * self._noise[-1]
        noise = torch.searchsorted(self._noise, drawn, right=True)  # [B, M]
        noise = noise.clamp(max=len(self.vectors) - 1)
        share = near.sum(2, keepdim=True) * (self.negatives / DRAWN)  # [B, L, 1]
        up = ascent(self.vectors[word], self.contexts[context], self.contexts[noise], near, share)
        outer = torch.cat([context, noise], 1), torch.cat(up[1:], 1)  # [B, K + M], and […, d]
        self._move(self.vectors, self._squares[0], word, up[0], rate)
        self._move(self.contexts, self._squares[1], *outer, rate)

    @staticmethod
    def _move(table: Tensor, squares: Tensor, ids: Tensor, up: Tensor, rate: float) -> None:
        """Add `up` [B, n, d] to the rows `ids` [B, n], less where much has been added before."""
        ids, up = ids.reshape(-1), up.flatten(0, 1)
        squares.index_add_(0, ids, up.square().mean(1))
        scale = rate * (squares[ids] + 1e-12).rsqrt()  # [B·n]
        table.index_add_(0, ids, up * scale[:, None])


def within(inner: Tensor, outer: Tensor, reach: Tensor, window: int) -> Tensor:
    """Which pairs count [B, L, K]: other places of the same row, at most `reach` [B, L, 1] away."""
    here = torch.arange(inner.shape[1])[:, None] + window  # [L, 1]
    away = (torch.arange(outer.shape[1]) - here).abs()  # [L, K]
    same = (inner[:, :, None] == outer[:, None, :]) & (inner >= 0)[:, :, None]  # [B, L, K]
    return same & (away > 0) & (away <= reach)


def ascent(
    word: Tensor, context: Tensor, noise: Tensor, near: Tensor, share: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """How the vectors of words [B, L, d], contexts [B, K, d] and noise [B, M, d] lower the loss.

    The negative gradients of the sum of −log σ(w·c) over the pairs that are `near` [B, L, K] and of
    −`share` log σ(−w·n), `share` [B, L, 1] being the negatives of a word over the noise drawn.
    """
    real = torch.sigmoid(-word @ context.mT) * near  # [B, L, K]
    false = torch.sigmoid(word @ noise.mT) * share  # [B, L, M]
    return real @ context - false @ noise, real.mT @ word, -false.mT @ word
