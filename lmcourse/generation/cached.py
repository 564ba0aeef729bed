"""Text from a `Llama` that reads each token once: greedy or drawn, many rows at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lmcourse.generation import filters
from lmcourse.models.llama import Cache, Llama


@torch.no_grad()
def generate(
    model: Llama,
    prompt: Tensor,
    max_new: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    penalty: float = 1.0,
    forbidden: Sequence[int] = (),
    stop: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """`prompt` and up to `max_new` ids behind it, row by row: [B, T] to [B, T + new].

    Args:
        model: asked with a cache, on its device.
        prompt: ids [B, T], every row of the same length.
        max_new: how many ids are added at most.
        temperature: the logits are divided by it; 0 takes the likeliest id, the first among equals.
        top_k, top_p, min_p: what is kept, after the temperature and in this order; see `filters`.
        penalty: against ids that the row holds; see `filters.penalise_repetition`.
        forbidden: ids that are never written.
        stop: a row that has written this id is filled up with it, and all end when each has.
        generator: a CPU generator; torch's global one without it.

    Raises:
        ValueError: an empty prompt, a negative temperature, a filter out of range, every id
            forbidden, or more positions than `context_length`.
    """
    begin(model, prompt, max_new)
    if temperature < 0:
        raise ValueError(f"temperature must not be negative, got {temperature}")
    if len({*forbidden}) >= model.config.vocab_size:
        raise ValueError(f"all {model.config.vocab_size} ids are forbidden")
    if not max_new:
        return prompt
    ids, new = prompt, prompt  # [B, T] each
    cache = Cache(prompt.shape[1] + max_new - 1)  # the last id is written and not read
    done = torch.zeros(len(prompt), dtype=torch.bool, device=prompt.device)
    for _ in range(max_new):
        logits = model.logits(model.hidden(new, cache)[:, -1])  # [B, V]
        if forbidden:
            logits[:, list(forbidden)] = -torch.inf
        if penalty != 1:
            logits = filters.penalise_repetition(logits, ids, penalty)
        if temperature:
            logits = logits / temperature
        if top_k is not None:
            logits = filters.top_k(logits, top_k)
        if top_p is not None:
            logits = filters.top_p(logits, top_p)
        if min_p is not None:
            logits = filters.min_p(logits, min_p)
        new = _choose(logits, temperature, generator)  # [B, 1]
        if stop is not None:
            new = new.masked_fill(done[:, None], stop)
            done = done | (new[:, 0] == stop)
        ids = torch.cat([ids, new], dim=1)
        if stop is not None and bool(done.all()):
            break
    return ids


def begin(model: Llama, prompt: Tensor, max_new: int) -> None:
    """ValueError, when `model` cannot write `max_new` ids behind `prompt` [B, T]."""
    if prompt.dim() != 2 or not prompt.numel():
        raise ValueError(f"prompt must be [B, T] with at least one id, got {[*prompt.shape]}")
    if max_new < 0:
        raise ValueError(f"max_new must not be negative, got {max_new}")
    if (needed := prompt.shape[1] + max_new - 1) > (trained := model.config.context_length):
        raise ValueError(
            f"a prompt of {prompt.shape[1]} and {max_new} new ids need {needed} positions, more "
            f"than context_length {trained}"
        )


def _choose(logits: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    drawn = torch.multinomial(logits.softmax(-1).cpu(), 1, generator=generator)
    return drawn.to(logits.device)
