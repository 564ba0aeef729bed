"""Attention of "Attention Is All You Need" (Vaswani et al. 2017), section 3.2.

Masks are boolean and True means "may attend", everywhere.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """softmax(QKᵀ / √d_k) V, and the weights it averaged with.

    `query` [..., T, d_k], `key` [..., S, d_k], `value` [..., S, d_v]; `mask` broadcasts to
    [..., T, S]. Returns output [..., T, d_v] and weights [..., T, S], whose rows sum to one; a row
    that may attend to nothing has weights and output of zero. ValueError when d_k or S disagree.
    """
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"query has d_k {query.shape[-1]} but key has {key.shape[-1]}")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"key has {key.shape[-2]} positions but value has {value.shape[-2]}")
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # [..., T, S]
    if mask is None:
        weights = scores.softmax(dim=-1)  # [..., T, S]
    else:
        # The lowest finite number rather than -inf: a row of -inf alone would become NaN.
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=-1).masked_fill(~mask, 0.0)  # [..., T, S]
    return weights @ value, weights


def causal_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    """bool [T, T]: position t may attend to 0…t, never to the future."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


class MultiHeadAttention(nn.Module):
    """Self-attention in `n_heads` subspaces of width d_model / n_heads, side by side."""

    def __init__(
        self, d_model: int, n_heads: int, *, causal: bool = False, dropout: float = 0.0
    ) -> None:
        """`dropout` falls on the attention weights. ValueError when heads do not divide width."""
        super().__init__()
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(f"d_model {d_model} is not divisible by n_heads {n_heads}")
        self.n_heads, self.causal, self.dropout = n_heads, causal, dropout
        self.qkv = nn.Linear(d_model, 3 * d_model)  # query, key and value of all heads at once
        self.projection = nn.Linear(d_model, d_model)

    def forward(
        self, x: Tensor, padding_mask: Tensor | None = None, return_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """x [B, T, d_model] to the same shape; `padding_mask` bool [B, T], True = real token.

        With `return_weights` also the weights [B, n_heads, T, T], by the function above; without,
        by torch's fused kernel, which computes the same and never stores them.
        """
        B, T, C = x.shape
        heads = self.qkv(x).view(B, T, 3, self.n_heads, C // self.n_heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # 3 times [B, n_heads, T, d_k]
        mask = None if padding_mask is None else padding_mask[:, None, None, :]  # [B, 1, 1, T]
        dropout = self.dropout if self.training else 0.0

        if return_weights:
            if self.causal:
                future = causal_mask(T, x.device)  # [T, T]
                mask = future if mask is None else mask & future  # [B, 1, T, T]
            output, weights = scaled_dot_product_attention(query, key, value, mask)
            if dropout:
                output = F.dropout(weights, dropout) @ value  # [B, n_heads, T, d_k]
            return self._merge(output), weights

        if self.causal and mask is not None:
            mask = mask & causal_mask(T, x.device)  # [B, 1, T, T]
        output = F.scaled_dot_product_attention(
            query, key, value, mask, dropout, is_causal=self.causal and mask is None
        )  # [B, n_heads, T, d_k]
        return self._merge(output)

    def _merge(self, heads: Tensor) -> Tensor:
        """[B, n_heads, T, d_k] to [B, T, d_model]: heads side by side, then mixed."""
        return self.projection(heads.transpose(1, 2).flatten(2))
