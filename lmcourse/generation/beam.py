"""Beam search with a `Llama` that reads each token once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lmcourse.generation.cached import begin
from lmcourse.models.llama import Cache, Llama


@torch.no_grad()
def beam_search(
    model: Llama,
    prompt: Tensor,
    max_new: int,
    width: int,
    *,
    forbidden: Sequence[int] = (),
) -> tuple[Tensor, Tensor]:
    """The `width` likeliest continuations it finds, best first, all of `max_new` ids.

    After each id the `width` likeliest beginnings are kept. Width 1 is greedy search.

    Args:
        model: asked with a cache, on its device.
        prompt: one row of ids [1, T].
        max_new: how many ids are added.
        width: how many beginnings are kept.
        forbidden: ids that are never written; their probability is not given to the others.

    Returns:
        ids [W, T + max_new] and the log-probabilities of what was added [W]. W is `width`, or
        fewer where there are not so many texts.

    Raises:
        ValueError: more than one row, a width below 1, or what `generate` refuses.
    """
    begin(model, prompt, max_new)
    if len(prompt) != 1:
        raise ValueError(f"prompt must be one row, got {len(prompt)}")
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    ids, new, scores = prompt, prompt, torch.zeros(1, device=prompt.device)
    cache = Cache(max(prompt.shape[1] + max_new - 1, 1))
    for _ in range(max_new):
        steps = model.logits(model.hidden(new, cache)[:, -1]).log_softmax(-1)  # [W, V]
        if forbidden:
            steps[:, list(forbidden)] = -torch.inf
        totals = (scores[:, None] + steps).flatten()  # [W · V]
        possible = int(totals.isfinite().sum())
        scores, best = totals.topk(min(width, possible))  # [W'] each
        parents = best // steps.shape[1]  # [W'], the beginning that each goes on with
        new = (best % steps.shape[1])[:, None]  # [W', 1]
        ids = torch.cat([ids[parents], new], dim=1)
        cache.select(parents)
    return ids, scores
