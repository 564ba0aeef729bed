"""A Llama-type decoder (Touvron et al. 2023): rotary positions, RMS norm, SwiGLU, shared keys.

`transformer/real_weights` builds it. Left out: biases, stretched angles, and rows of unequal length
in one cache.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.block import RMSNorm, SwiGLU
from lmcourse.models.cache import Cache as Cache
from lmcourse.models.positions import angles, turn
from lmcourse.models.sizes import check_sizes

Turns = tuple[Tensor, Tensor]  # cosine and sine [T, d/2] of the angles of T positions


@dataclass(frozen=True)
class LlamaConfig:
    """The sizes of a `Llama` and its three constants."""

    vocab_size: int
    context_length: int
    n_layers: int
    n_heads: int
    n_kv_heads: int  # heads of keys and values; n_heads / n_kv_heads queries share one
    d_model: int
    d_hidden: int
    rotary_base: float = 10_000.0
    eps: float = 1e-5
    tied: bool = True  # the output layer is the table of token embeddings
    dropout: float = 0.0  # of what each part adds, in training

    def __post_init__(self) -> None:
        check_sizes(
            self, ("vocab_size", "context_length", "n_layers", "n_heads", "n_kv_heads", "d_model")
        )
        if self.n_heads % self.n_kv_heads:
            raise ValueError(f"n_heads {self.n_heads} is no multiple of {self.n_kv_heads}")
        if self.d_model // self.n_heads % 2:
            raise ValueError(f"heads of width {self.d_model // self.n_heads}: rotary turns pairs")


class GroupedQueryAttention(nn.Module):
    """Causal self-attention in which groups of query heads share a key and a value head.

    Ainslie et al. (2023); queries and keys are turned by their positions.
    """

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        C, d = config.d_model, config.d_model // config.n_heads
        self.head_width = d
        self.query = nn.Linear(C, config.n_heads * d, bias=False)
        self.key = nn.Linear(C, config.n_kv_heads * d, bias=False)
        self.value = nn.Linear(C, config.n_kv_heads * d, bias=False)
        self.projection = nn.Linear(config.n_heads * d, C, bias=False)

    def forward(
        self, x: Tensor, turns: Turns, layer: int = 0, cache: Cache | None = None
    ) -> Tensor:
        """x [B, T, C] to the same shape; with a cache the T positions follow those it holds."""
        start, T = (cache.length if cache is not None else 0), x.shape[1]
        query, key, value = (
            part(x).unflatten(-1, (-1, self.head_width)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )  # [B, n_heads, T, d], twice [B, n_kv_heads, T, d]
        query, key = turn(query, *turns), turn(key, *turns)
        if cache is not None:
            key, value = cache.extend(layer, key, value)  # [B, n_kv_heads, start + T, d]
        mask = None
        if start and T > 1:  # the query at start + t may see the keys 0…start + t
            mask = torch.ones(T, start + T, dtype=torch.bool, device=x.device).tril(start)
        output = F.scaled_dot_product_attention(
            query, key, value, mask, is_causal=T > 1 and mask is None, enable_gqa=True
        )  # [B, n_heads, T, d]
        return self.projection(output.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and SwiGLU, each behind an RMS norm and added to the residual stream."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.norm_1 = RMSNorm(config.d_model, config.eps)
        self.attention = GroupedQueryAttention(config)
        self.norm_2 = RMSNorm(config.d_model, config.eps)
        self.feed_forward = SwiGLU(config.d_model, config.d_hidden)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, turns: Turns, layer: int = 0, cache: Cache | None = None
    ) -> Tensor:
        """x [B, T, C] to the same shape."""
        x = x + self.dropout(self.attention(self.norm_1(x), turns, layer, cache))
        return x + self.dropout(self.feed_forward(self.norm_2(x)))


class Llama(nn.Module):
    """Token ids in, logits of the next token out."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        table = torch.empty(config.vocab_size, config.d_model)
        self.tokens = nn.Embedding.from_pretrained(table, freeze=False)
        self.blocks: list[Block] = nn.ModuleList(  # type: ignore[assignment]
            Block(config) for _ in range(config.n_layers)
        )
        self.norm = RMSNorm(config.d_model, config.eps)
        self.output = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.tied:
            self.output.weight = self.tokens.weight
        for weight in self.parameters():
            if weight.dim() == 2 and not weight.is_meta:  # there, normal_ imports torch's compiler
                nn.init.normal_(weight, std=0.02)

    def hidden(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """ids [B, T] to the last hidden states [B, T, d_model]; see `forward`."""
        self._judge(ids, cache)
        x = self.tokens(ids)  # [B, T, C]
        head = x[0, :, : self.config.d_model // self.config.n_heads]  # [T, d], for its shape
        turns = angles(head, cache.length if cache is not None else 0, self.config.rotary_base)
        for layer, block in enumerate(self.blocks):
            x = block(x, turns, layer, cache)
        if cache is not None:
            cache.length += ids.shape[1]
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states [..., d_model] to logits [..., vocab_size], in fp32 at least."""
        exact = torch.promote_types(hidden.dtype, torch.float32)
        with torch.autocast(hidden.device.type, enabled=False):
            return F.linear(hidden.to(exact), self.output.weight.to(exact))

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """ids [B, T] to logits [B, T, vocab_size]; logits[:, t] are for what follows ids[:, t].

        With a cache the ids follow the `cache.length` positions it holds, and are added to it. The
        logits of the last position alone are `logits(hidden(ids, cache)[:, -1])`.

        Raises:
            ValueError: no position, more than context_length of them, or an id that is no token.
        """
        return self.logits(self.hidden(ids, cache))

    @torch.no_grad()
    def next_logits(self, ids: Sequence[int]) -> Tensor:
        """The logits of what comes after one row of `ids`: [vocab_size].

        A row longer than context_length is read from its last context_length ids.
        """
        context = list(ids)[-self.config.context_length :]
        row = torch.tensor([context], device=self.tokens.weight.device)  # [1, T]
        return self.logits(self.hidden(row)[0, -1])

    def _judge(self, ids: Tensor, cache: Cache | None) -> None:
        if ids.dim() != 2 or not ids.numel():
            raise ValueError(f"ids must be [B, T] with at least one position, got {[*ids.shape]}")
        end = ids.shape[1] + (cache.length if cache is not None else 0)
        if end > self.config.context_length:
            raise ValueError(
                f"{end} positions are more than context_length {self.config.context_length}"
            )
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= self.config.vocab_size:
            raise ValueError(
                f"ids reach from {low} to {high}, tokens from 0 to {self.config.vocab_size - 1}"
            )


def reference_names(config: LlamaConfig) -> dict[str, str]:
    """The name of each of our tensors, and the name of the same in a LlamaForCausalLM."""
    parts = {
        "norm_1": "input_layernorm",
        "attention.query": "self_attn.q_proj",
        "attention.key": "self_attn.k_proj",
        "attention.value": "self_attn.v_proj",
        "attention.projection": "self_attn.o_proj",
        "norm_2": "post_attention_layernorm",
        "feed_forward.gate": "mlp.gate_proj",
        "feed_forward.up": "mlp.up_proj",
        "feed_forward.down": "mlp.down_proj",
    }
    names = {"tokens.weight": "model.embed_tokens.weight", "norm.weight": "model.norm.weight"}
    names["output.weight"] = names["tokens.weight"] if config.tied else "lm_head.weight"
    for layer, (ours, theirs) in itertools.product(range(config.n_layers), parts.items()):
        names[f"blocks.{layer}.{ours}.weight"] = f"model.layers.{layer}.{theirs}.weight"
    return names


def reference_config(config: Any) -> LlamaConfig:
    """The sizes that the `config` of a LlamaForCausalLM names.

    Raises:
        ValueError: it asks for what `Llama` has not: biases, another activation, stretched angles,
            heads whose width is not d_model / n_heads.
    """
    rotary = config.rope_parameters
    width = config.hidden_size // config.num_attention_heads
    for name, found, known in (
        ("hidden_act", config.hidden_act, "silu"),
        ("attention_bias", config.attention_bias, False),
        ("mlp_bias", config.mlp_bias, False),
        ("rope_type", rotary.get("rope_type", "default"), "default"),
        ("head_dim", config.head_dim, width),
    ):
        if found != known:
            raise ValueError(f"the reference has {name} {found!r}; this Llama knows {known!r}")
    return LlamaConfig(
        vocab_size=config.vocab_size,
        context_length=config.max_position_embeddings,
        n_layers=config.num_hidden_layers,
        n_heads=config.num_attention_heads,
        n_kv_heads=config.num_key_value_heads,
        d_model=config.hidden_size,
        d_hidden=config.intermediate_size,
        rotary_base=rotary["rope_theta"],
        eps=config.rms_norm_eps,
        tied=config.tie_word_embeddings,
    )


def from_reference(state: Mapping[str, Tensor], config: LlamaConfig) -> Llama:
    """A `Llama` whose parameters *are* the tensors of the state dict of a LlamaForCausalLM.

    Nothing is copied: who changes the one changes the other.

    Raises:
        ValueError: a tensor is missing, has another shape, or has no place here; the sentence
            names it in the reference and in ours, and how many others are wrong.
    """
    with torch.device("meta"):  # shapes without memory
        model = Llama(config)
    names, ours = reference_names(config), model.state_dict()
    spare = {"lm_head.weight"} if config.tied else set()  # then it is the table of tokens again
    wrong = [
        f"the reference has no {theirs!r}, our {name!r}"
        for name, theirs in names.items()
        if theirs not in state
    ]
    wrong += [
        f"{theirs!r} of the reference is {[*state[theirs].shape]}, our {name!r} is "
        f"{[*ours[name].shape]}"
        for name, theirs in names.items()
        if theirs in state and state[theirs].shape != ours[name].shape
    ]
    unexpected = sorted({*state} - {*names.values()} - spare)
    wrong += [f"{theirs!r} of the reference has no place in ours" for theirs in unexpected]
    if wrong:
        raise ValueError(wrong[0] + (f" ({len(wrong) - 1} more)" if wrong[1:] else ""))
    model.load_state_dict({name: state[names[name]] for name in ours}, assign=True)
    if config.tied:
        model.output.weight = model.tokens.weight
    return model.eval()
