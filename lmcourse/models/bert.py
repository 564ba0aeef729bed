"""A small BERT (Devlin et al. 2019) with norms on the branches: pieces in, two heads out.

`pretraining/bert_from_scratch` builds it.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.attention import MultiHeadAttention
from lmcourse.text.batches import IGNORED
from lmcourse.text.masking import masked_loss


@dataclass(frozen=True)
class BERTConfig:
    """The sizes of a `BERT`; `positions` is the length of the longest row."""

    vocab_size: int
    positions: int
    n_layers: int
    n_heads: int
    d_model: int


class Block(nn.Module):
    """Attention and feed-forward, each behind a layer norm and added to the residual stream."""

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.norm_2 = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, 4 * d_model), nn.GELU(), nn.Linear(4 * d_model, d_model)
        )

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """x [B, T, d_model] to the same shape; `real` bool [B, T], False at padding."""
        x = x + self.attention(self.norm_1(x), padding_mask=real)
        return x + self.feed_forward(self.norm_2(x))


class BERT(nn.Module):
    """The encoder with its two heads: which piece stands here, and does the second text follow."""

    def __init__(self, config: BERTConfig) -> None:
        super().__init__()
        self.config, width = config, config.d_model
        self.pieces = nn.Embedding(config.vocab_size, width)
        self.positions = nn.Embedding(config.positions, width)
        self.segments = nn.Embedding(2, width)
        self.blocks: list[Block] = nn.ModuleList(  # type: ignore[assignment]
            Block(width, config.n_heads) for _ in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.next_sentence = nn.Linear(width, 2)
        for table in (self.pieces, self.positions, self.segments):
            nn.init.normal_(table.weight, std=0.5 / math.sqrt(width))

    def forward(self, ids: Tensor, segments: Tensor, real: Tensor) -> Tensor:
        """Ids, segments and bool `real` [B, T], True but at padding, to vectors [B, T, d_model].

        ValueError for rows longer than `config.positions`.
        """
        if ids.shape[1] > self.config.positions:
            raise ValueError(
                f"rows of {ids.shape[1]} ids, but positions is {self.config.positions}"
            )
        x = self.pieces(ids) + self.segments(segments)  # [B, T, d_model]
        x = x + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, real)
        return self.norm(x)

    def words(self, vectors: Tensor) -> Tensor:
        """Vectors [..., d_model] to logits [..., vocab_size], with the table of pieces (tied)."""
        return self.transform(vectors) @ self.pieces.weight.T + self.bias

    def follows(self, vectors: Tensor) -> Tensor:
        """Vectors [B, T, d_model] to logits [B, 2], from the first place alone."""
        return self.next_sentence(vectors[:, 0])


def losses(model: BERT, vectors: Tensor, targets: Tensor, follows: Tensor) -> tuple[Tensor, Tensor]:
    """Mean surprise in nats at the pieces asked for, and at the pairs; 0 where there are none.

    `vectors` [B, T, d_model] are the model's, `targets` [B, T] and `follows` [B] are -100 where
    nothing is asked. Logits are computed where something is asked, and nowhere else.
    """
    asked = targets != IGNORED  # [B, T]
    pieces = masked_loss(model.words(vectors[asked])[None].float(), targets[asked][None])
    paired = follows != IGNORED  # [B]
    if not paired.any():
        return pieces, vectors.sum() * 0
    return pieces, F.cross_entropy(model.follows(vectors)[paired].float(), follows[paired])


@torch.no_grad()
def look_near(model: BERT) -> BERT:
    """Positions start as waves, keys equal to queries: a place looks first at its neighbours.

    A start for short trainings, which the original does not have; changes `model`, gives it back.
    """
    length, width = model.positions.weight.shape
    wavelengths = 100 ** (torch.arange(0, width, 2) / width)  # [width / 2]
    angles = torch.arange(length)[:, None] / wavelengths  # [length, width / 2]
    model.positions.weight.copy_(0.2 * torch.cat([angles.sin(), angles.cos()], dim=1))
    for block in model.blocks:
        weight = block.attention.qkv.weight  # [3 width, width]: query, key, value
        weight[:width] *= 3
        weight[width : 2 * width] = weight[:width]
    return model
