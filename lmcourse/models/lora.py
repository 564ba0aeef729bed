"""LoRA: a low-rank change beside frozen weights (Hu et al. 2022).

`bert/parameter_efficient` teaches it.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.adapted import Adapted, limited, linear_layers, replaced
from lmcourse.models.classifier import SentenceClassifier


class LoRALinear(nn.Module):
    """W x + b + (alpha / rank) B A x, with W and b frozen."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float, generator: torch.Generator):
        """A is drawn as `nn.Linear` draws its weight, B is zero.

        ValueError unless 1 ≤ rank ≤ the smaller side of W.
        """
        super().__init__()
        side = min(linear.in_features, linear.out_features)
        limited("rank", rank, side, "the smaller side of the matrix")
        self.linear, self.scale, self.merged = linear.requires_grad_(False), alpha / rank, False
        bound = 1 / math.sqrt(linear.in_features)
        drawn = torch.rand(rank, linear.in_features, generator=generator)
        self.A = nn.Parameter(bound * (2 * drawn - 1))  # [r, d_in]
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))  # [d_out, r]

    def change(self) -> Tensor:
        """The change of W, [d_out, d_in]."""
        return self.scale * self.B @ self.A

    def forward(self, x: Tensor) -> Tensor:
        """[..., d_in] → [..., d_out]; a merged layer is the plain linear one."""
        y = self.linear(x)
        return y if self.merged else y + self.scale * F.linear(F.linear(x, self.A), self.B)

    @torch.no_grad()
    def merge(self) -> None:
        """Adds the change into W."""
        if not self.merged:
            self.linear.weight += self.change()
            self.merged = True

    @torch.no_grad()
    def unmerge(self) -> None:
        """Takes the change out of W again, up to rounding."""
        if self.merged:
            self.linear.weight -= self.change()
            self.merged = False


class LoRA(Adapted):
    """A classifier with LoRA beside some linear layers of its encoder."""

    def __init__(
        self,
        classifier: SentenceClassifier,
        rank: int = 8,
        alpha: float | None = None,
        names: tuple[str, ...] = ("query", "value"),
        seed: int = 0,
    ) -> None:
        """LoRA beside every linear layer whose name is among `names`.

        Args:
            classifier: changed in place: its encoder is frozen and gets the additions.
            rank: of each change; ValueError below 1 or above the smaller side of a matrix.
            alpha: the change is alpha / rank times B A; None takes the rank.
            names: of layers, as in the encoder; ValueError when it has none of them.
            seed: draws A.
        """
        linear_layers(classifier.encoder, names, rank)  # refused before anything is changed
        alpha = float(rank if alpha is None else alpha)
        super().__init__(classifier, rank=rank, alpha=alpha, names=list(names))
        generator = torch.Generator().manual_seed(seed)
        self.layers = cast(
            dict[str, LoRALinear],
            replaced(
                classifier.encoder, names, lambda old: LoRALinear(old, rank, alpha, generator)
            ),
        )

    def merge(self) -> None:
        """Adds every change into its matrix, so that an answer costs no more than before."""
        for layer in self.layers.values():
            layer.merge()

    def unmerge(self) -> None:
        """Undoes `merge`, up to rounding."""
        for layer in self.layers.values():
            layer.unmerge()
