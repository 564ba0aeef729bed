"""AdaLoRA: low-rank changes that share one budget of ranks (Zhang et al. 2023).

`bert/parameter_efficient` teaches one of its decisions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.adapted import Adapted, limited, linear_layers, replaced
from lmcourse.models.classifier import SentenceClassifier

SMOOTHING = 0.85  # beta 1 and beta 2 of the paper


class SVDLinear(nn.Module):
    """W x + b + (alpha / rank) P Λ Q x, with W and b frozen and Λ diagonal."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float, generator: torch.Generator):
        """Columns of P and rows of Q are drawn orthonormal, Λ is zero.

        ValueError unless 1 ≤ rank ≤ the smaller side of W.
        """
        super().__init__()
        side = min(linear.in_features, linear.out_features)
        limited("rank", rank, side, "the smaller side of the matrix")
        self.linear, self.scale = linear.requires_grad_(False), alpha / rank

        def orthonormal(size: int) -> Tensor:
            return torch.linalg.qr(torch.randn(size, rank, generator=generator))[0]

        self.P = nn.Parameter(orthonormal(linear.out_features))  # [d_out, r]
        self.L = nn.Parameter(torch.zeros(rank))  # [r], the diagonal of Λ
        self.Q = nn.Parameter(orthonormal(linear.in_features).T.contiguous())  # [r, d_in]

    def forward(self, x: Tensor) -> Tensor:
        """[..., d_in] → [..., d_out]."""
        return self.linear(x) + self.scale * F.linear(F.linear(x, self.Q) * self.L, self.P)

    def skew(self) -> Tensor:
        """‖PᵀP - I‖² + ‖QQᵀ - I‖², zero when the columns of P and the rows of Q are orthonormal."""
        with torch.autocast(self.L.device.type, enabled=False):  # 16 bits are too few for this
            columns, rows = self.P.T @ self.P, self.Q @ self.Q.T  # [r, r] each
        one = torch.eye(len(self.L), device=self.L.device)
        return (columns - one).square().sum() + (rows - one).square().sum()


class AdaLoRA(Adapted):
    """A classifier whose low-rank changes begin with equal ranks and are pruned to a budget.

    A triplet is a column of P, its entry of Λ and a row of Q. Its importance is the sum of s over
    the entry and of the means of s over column and row, where s of a number w is the smoothed
    |w · gradient| times the smoothed distance from it. The least important entries of Λ, of all
    layers together, are set to zero; those that are may come back, until the last phase.
    """

    def __init__(
        self,
        classifier: SentenceClassifier,
        rank: int = 12,
        kept: int = 8,
        alpha: float | None = None,
        names: tuple[str, ...] = ("query", "value"),
        seed: int = 0,
    ) -> None:
        """As `LoRA`, with `rank` triplets a layer at first and `kept` on average at the end.

        ValueError unless 1 ≤ kept ≤ rank ≤ the smaller side of each matrix.
        """
        linear_layers(classifier.encoder, names, rank)  # refused before anything is changed
        limited("kept", kept, rank, "the rank at first")
        alpha = float(rank if alpha is None else alpha)
        super().__init__(classifier, rank=rank, kept=kept, alpha=alpha, names=list(names))
        generator = torch.Generator().manual_seed(seed)
        self.layers = cast(
            dict[str, SVDLinear],
            replaced(classifier.encoder, names, lambda old: SVDLinear(old, rank, alpha, generator)),
        )
        self.rank, self.kept = rank, kept
        self._mean: dict[str, Tensor] = {}
        self._spread: dict[str, Tensor] = {}
        self.alive: dict[str, Tensor] = {}  # after the first pruning: which triplets, [r] bool

    def penalty(self) -> Tensor:
        """The sum of all layers' `skew`, which the loss takes 0.1 times or so."""
        return torch.stack([layer.skew() for layer in self.layers.values()]).sum()

    def budget(self, step: int, steps: int) -> int:
        """How many triplets are alive after `step` of `steps` updates.

        All in the first tenth, then fewer by a cubic curve, `kept` a layer in the last three.
        """
        end = self._end(steps)
        falling = min(max((end - step) / (end - 0.1 * steps), 0.0), 1.0)
        return self.left + int((self.all - self.left) * falling**3)

    @torch.no_grad()
    def observe(self) -> None:
        """Takes the gradients of this step into the importances."""
        for name, layer in self.layers.items():
            for letter in "PLQ":
                p = cast(nn.Parameter, getattr(layer, letter))
                key = f"{name}.{letter}"
                now = (p * cast(Tensor, p.grad)).abs()
                mean = self._mean.get(key, torch.zeros_like(now))
                spread = self._spread.get(key, torch.zeros_like(now))
                mean = SMOOTHING * mean + (1 - SMOOTHING) * now
                self._spread[key] = SMOOTHING * spread + (1 - SMOOTHING) * (now - mean).abs()
                self._mean[key] = mean

    def number_scores(self) -> dict[str, Tensor]:
        """s of every number, by layer and letter, "….query.P"; `observe` must have been called."""
        return {key: mean * self._spread[key] for key, mean in self._mean.items()}

    def importance(self) -> dict[str, Tensor]:
        """Of each layer's triplets, [r]; `observe` must have been called."""
        s = self.number_scores()
        return {
            name: s[f"{name}.L"] + s[f"{name}.P"].mean(dim=0) + s[f"{name}.Q"].mean(dim=1)
            for name in self.layers
        }

    @torch.no_grad()
    def prune(self, budget: int) -> None:
        """Sets Λ to zero but for the `budget` most important triplets of all layers."""
        scores = self.importance()
        everything = torch.cat([*scores.values()])  # [layers · r]
        best = torch.zeros_like(everything, dtype=torch.bool)
        best[everything.argsort(descending=True, stable=True)[:budget]] = True
        self.alive = dict(zip(scores, best.split(self.rank), strict=True))
        self._silence()

    def on_step(self, steps: int, every: int = 10) -> Callable[[int], None]:
        """What `fit` calls after each of `steps` updates: observes, and prunes every few steps.

        In the last three tenths the choice stands, and what was pruned stays zero.
        """
        end = self._end(steps)

        def after(step: int) -> None:
            if step <= end:
                self.observe()
            budget = self.budget(step, steps)
            if step == end or (step < end and step % every == 0 and budget < self.all):
                self.prune(budget)
            elif step > end:
                self._silence()

        return after

    @staticmethod
    def _end(steps: int) -> int:
        """The update with the last pruning."""
        return math.ceil(0.7 * steps)

    @property
    def all(self) -> int:
        """How many triplets there are at first."""
        return len(self.layers) * self.rank

    @property
    def left(self) -> int:
        """How many are alive at the end."""
        return len(self.layers) * self.kept

    @property
    def used(self) -> int:
        """Numbers in the triplets that are alive at the end: what the trained model needs."""
        one = next(iter(self.layers.values())).linear
        return self.left * (one.in_features + one.out_features + 1)

    @torch.no_grad()
    def _silence(self) -> None:
        for name, alive in self.alive.items():
            self.layers[name].L[~alive] = 0
