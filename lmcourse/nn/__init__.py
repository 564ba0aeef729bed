"""Neural networks written from scratch; every public name is re-exported here."""

from lmcourse.nn.attention import MultiHeadAttention, causal_mask, scaled_dot_product_attention
from lmcourse.nn.gpt import GPT, GPTConfig

__all__ = [
    "GPT",
    "GPTConfig",
    "MultiHeadAttention",
    "causal_mask",
    "scaled_dot_product_attention",
]
