"""An encoder–decoder Transformer (Vaswani et al. 2017), pre-norm and small.

`transformer/encoder_decoder` builds it. Left out: caching, weights shared by both vocabularies.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.attention import MultiHeadAttention, scaled_dot_product_attention
from lmcourse.models.sizes import check_sizes


@dataclass(frozen=True)
class EncoderDecoderConfig:
    """The sizes; the defaults learn a few thousand short pairs in minutes on two CPU cores."""

    source_size: int  # of the vocabulary that is read
    target_size: int  # of the vocabulary that is written
    longest: int = 128  # positions, on either side
    n_layers: int = 2  # of the encoder, and as many of the decoder
    n_heads: int = 4
    d_model: int = 128
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_sizes(
            self, ("source_size", "target_size", "longest", "n_layers", "n_heads", "d_model")
        )


class CrossAttention(nn.Module):
    """Attention whose queries are of one text and whose keys and values are of another."""

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key_value = nn.Linear(d_model, 2 * d_model)
        self.projection = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What x [B, T, C] finds in memory [B, S, C]: [B, T, C], and weights [B, n_heads, T, S].

        `mask` bool [B, S], True = real. A row without a real position finds zeros, and its output
        is the bias of `projection`.
        """
        query = self._split(self.query(x))  # [B, n_heads, T, d]
        key, value = self.key_value(memory).chunk(2, dim=-1)  # [B, S, C] each
        found, weights = scaled_dot_product_attention(
            query, self._split(key), self._split(value), mask[:, None, None, :]
        )  # [B, n_heads, T, d], [B, n_heads, T, S]
        return self.projection(found.transpose(1, 2).flatten(2)), weights

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # [B, n_heads, T, d]


class EncoderBlock(nn.Module):
    """Look at the whole source, then think."""

    def __init__(self, config: EncoderDecoderConfig) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(config.d_model)
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.norm_2 = nn.LayerNorm(config.d_model)
        self.feed_forward = _feed_forward(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # [B, S, C], [B, S] to [B, S, C]
        x = x + self.dropout(self.attention(self.norm_1(x), mask))
        return x + self.dropout(self.feed_forward(self.norm_2(x)))


class DecoderBlock(nn.Module):
    """Look at what is written so far, look into the source, then think."""

    def __init__(self, config: EncoderDecoderConfig) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(config.d_model)
        self.attention = MultiHeadAttention(config.d_model, config.n_heads, causal=True)
        self.norm_2 = nn.LayerNorm(config.d_model)
        self.cross = CrossAttention(config.d_model, config.n_heads)
        self.norm_3 = nn.LayerNorm(config.d_model)
        self.feed_forward = _feed_forward(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, y: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """y [B, T, C] to the same shape, and the weights of the look: [B, n_heads, T, S]."""
        y = y + self.dropout(self.attention(self.norm_1(y)))
        found, weights = self.cross(self.norm_2(y), memory, mask)
        y = y + self.dropout(found)
        return y + self.dropout(self.feed_forward(self.norm_3(y))), weights


def _feed_forward(d_model: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(d_model, 4 * d_model), nn.GELU(), nn.Linear(4 * d_model, d_model)
    )


class EncoderDecoder(nn.Module):
    """Reads one text and gives the distribution of each next symbol of another."""

    def __init__(self, config: EncoderDecoderConfig) -> None:
        super().__init__()
        self.config = C = config
        self.source_tokens = nn.Embedding(C.source_size, C.d_model)
        self.target_tokens = nn.Embedding(C.target_size, C.d_model)
        self.source_positions = nn.Embedding(C.longest, C.d_model)
        self.target_positions = nn.Embedding(C.longest, C.d_model)
        self.dropout = nn.Dropout(C.dropout)
        self.encoder = nn.ModuleList(EncoderBlock(C) for _ in range(C.n_layers))
        self.encoder_norm = nn.LayerNorm(C.d_model)
        self.decoder = nn.ModuleList(DecoderBlock(C) for _ in range(C.n_layers))
        self.decoder_norm = nn.LayerNorm(C.d_model)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.05)

    def encode(self, source: Tensor, mask: Tensor) -> Tensor:
        """ids [B, S], `mask` bool [B, S] (True = real) to a memory [B, S, C].

        S may be 0, and a row may have no real id: then there is nothing to look at, and the
        decoder is a language model alone. ValueError for ids out of range or S above `longest`.
        """
        self._check("source", source, self.config.source_size)
        x = self.source_tokens(source) + self.source_positions.weight[: source.shape[1]]
        x = self.dropout(x)  # [B, S, C]
        if x.shape[1]:
            for block in self.encoder:
                x = block(x, mask)  # [B, S, C]
        return self.encoder_norm(x)

    def decode(self, target: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor]]:
        """ids [B, T] to logits [B, T, target_size] in fp32, and each layer's weights of the look.

        logits[:, t] are for position t + 1, and depend on target[:, : t + 1] and the memory. The
        weights are [B, n_heads, T, S]. ValueError as in `encode`.
        """
        self._check("target", target, self.config.target_size)
        y = self.target_tokens(target) + self.target_positions.weight[: target.shape[1]]
        y, looks = self.dropout(y), []  # [B, T, C]
        for block in self.decoder:
            y, weights = block(y, memory, mask)
            looks.append(weights)
        hidden = self.decoder_norm(y)  # [B, T, C]
        with torch.autocast(hidden.device.type, enabled=False):
            return F.linear(hidden.float(), self.target_tokens.weight.float()), looks

    def forward(self, source: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: logits [B, T, target_size] for what follows each position of target."""
        return self.decode(target, self.encode(source, mask), mask)[0]

    def _check(self, name: str, ids: Tensor, size: int) -> None:
        if ids.shape[1] > self.config.longest:
            raise ValueError(
                f"{name} has {ids.shape[1]} positions, more than longest {self.config.longest}"
            )
        if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < size:
            raise ValueError(
                f"{name} has ids from {int(ids.min())} to {int(ids.max())}, outside 0…{size - 1}"
            )
