"""A GPT (Radford et al. 2019, "GPT-2") as small as it can be written and still be one.

Left out: biases-off and rotary variants, key–value caching, loading of public weights.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.attention import MultiHeadAttention
from lmcourse.models.sizes import check_sizes


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT; the defaults train in minutes on two CPU cores."""

    vocab_size: int
    context_length: int = 288  # the longest review is 257 characters: each fits whole
    n_layers: int = 4
    n_heads: int = 4
    d_model: int = 128
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_sizes(self, ("vocab_size", "context_length", "n_layers", "n_heads", "d_model"))


class Block(nn.Module):
    """Look around (attention), then think (feed-forward); each adds to the residual stream."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        C = config.d_model
        self.norm_1 = nn.LayerNorm(C)
        self.attention = MultiHeadAttention(C, config.n_heads, causal=True, dropout=config.dropout)
        self.norm_2 = nn.LayerNorm(C)
        self.feed_forward = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, C] to [B, T, C]
        x = x + self.dropout(self.attention(self.norm_1(x)))
        x = x + self.dropout(self.feed_forward(self.norm_2(x)))
        return x


class GPT(nn.Module):
    """A decoder-only Transformer: pre-norm blocks, learned positions, tied embeddings."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = nn.Embedding(config.context_length, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self._initialise()

    def _initialise(self) -> None:
        """Weights N(0, 0.02²), biases 0; what adds to the residual stream 1/√(2·n_layers) of it.

        Token embeddings shrink in models wider than 96: tied to the output they make a symbol
        predict itself, with a logit that grows as d_model·std, and with few symbols that alone
        would move the first loss away from ln V.
        """
        for name, parameter in self.named_parameters():
            if name.endswith(".bias"):
                nn.init.zeros_(parameter)
            elif parameter.dim() == 2:
                residual = name.endswith(("projection.weight", "feed_forward.2.weight"))
                scale = math.sqrt(2 * self.config.n_layers) if residual else 1.0
                nn.init.normal_(parameter, std=0.02 / scale)
        nn.init.normal_(self.tokens.weight, std=0.02 * min(1.0, 96 / self.config.d_model))

    def hidden(self, ids: Tensor) -> Tensor:
        """ids [B, T] to the last hidden states [B, T, d_model].

        Raises ValueError when T is more than context_length.
        """
        T = ids.shape[-1]
        if self.config.context_length < T:
            raise ValueError(
                f"ids has {T} positions, more than context_length {self.config.context_length}"
            )
        x = self.tokens(ids) + self.positions.weight[:T]  # [B, T, C]
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)  # [B, T, C]
        return self.norm(x)

    def forward(self, ids: Tensor) -> Tensor:
        """ids [B, T] to logits [B, T, vocab_size] in fp32; logits[:, t] are for position t + 1."""
        hidden = self.hidden(ids)  # [B, T, C]
        with torch.autocast(hidden.device.type, enabled=False):
            return F.linear(hidden.float(), self.tokens.weight.float())  # tied embeddings

    @torch.no_grad()
    def next_logits(self, ids: Sequence[int]) -> Tensor:
        """The logits of what comes after one row of `ids`, without dropout: [vocab_size].

        A row longer than context_length is read from its last context_length ids.
        """
        was_training = self.training
        self.eval()
        context = list(ids)[-self.config.context_length :]
        logits = self(torch.tensor([context], device=self.tokens.weight.device))  # [1, T, V]
        self.train(was_training)
        return logits[0, -1]
