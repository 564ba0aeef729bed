"""Adapters: small bottlenecks inside every layer (Houlsby et al. 2019).

`bert/parameter_efficient` teaches them beside LoRA.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.adapted import Adapted, limited
from lmcourse.models.classifier import SentenceClassifier


class Bottleneck(nn.Module):
    """h + U gelu(D h + d) + u, with D [m, width] drawn and U, d and u zero at first."""

    def __init__(self, width: int, size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, size), nn.Linear(size, width)
        drawn = torch.rand(size, width, generator=generator)
        self.down.weight.data = (2 * drawn - 1) / width**0.5
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, hidden: Tensor) -> Tensor:
        """[..., width] → [..., width]."""
        return hidden + self.up(F.gelu(self.down(hidden)))


class Adapters(Adapted):
    """A classifier with a bottleneck after attention and one after the feed-forward part.

    Each stands before the sum with the residual stream, as in the paper. Other than there, norms
    stay frozen, and U begins at zero, so that the fresh model answers as the base does.
    """

    def __init__(self, classifier: SentenceClassifier, size: int = 8, seed: int = 0) -> None:
        """Two bottlenecks a layer of a BERT, changed in place.

        Args:
            classifier: its encoder is frozen and gets the additions.
            size: of a bottleneck, m; ValueError unless it is from 1 to the encoder's width.
            seed: draws D.
        """
        width = int(cast(Any, classifier.encoder).config.hidden_size)
        limited("size", size, width, "the encoder's width")
        super().__init__(classifier, size=size)
        generator = torch.Generator().manual_seed(seed)

        for layer in cast(Any, classifier.encoder).encoder.layer:
            for part in (layer.attention.output, layer.output):
                part.dense = nn.Sequential(part.dense, Bottleneck(width, size, generator))
