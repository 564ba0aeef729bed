"""One sampler for every model of the book: symbol by symbol, from the model's own distribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from numpy.typing import ArrayLike

NextLogProbs = Callable[[list[int]], ArrayLike]


def sample(
    next_log_probs: NextLogProbs,
    prompt: Sequence[int],
    max_new: int,
    *,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    stop: int | None = 0,
) -> list[int]:
    """`prompt` and up to `max_new` ids drawn after it, one by one.

    Args:
        next_log_probs: from ids to the log-probability, or any logit, of every symbol that may
            come next: [V].
        prompt: ids that the text begins with.
        max_new: how many ids are drawn at most.
        temperature: the log-probabilities are divided by it (see probability/softmax); 0 takes
            the likeliest id each time, the first among equals.
        generator: a CPU generator; torch's global one without it.
        stop: the id after which nothing is drawn, here the end of a sentence; None: no such id.

    Raises:
        ValueError: an empty prompt (a sentence opens with [0]), or a negative temperature.
    """
    if not len(prompt):
        raise ValueError("prompt is empty; start a new sentence with [0]")
    if temperature < 0:
        raise ValueError(f"temperature must not be negative, got {temperature}")
    ids = [int(i) for i in prompt]
    for _ in range(max_new):
        logits = torch.as_tensor(next_log_probs(ids)).cpu()  # [V]
        if temperature == 0:
            ids.append(int(logits.argmax()))
        else:
            probabilities = (logits / temperature).softmax(-1)  # [V]
            ids.append(int(torch.multinomial(probabilities, 1, generator=generator)))
        if ids[-1] == stop:
            break
    return ids
