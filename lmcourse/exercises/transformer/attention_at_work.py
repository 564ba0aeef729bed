"""Exercise checkers of transformer/attention_at_work."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def half_at(half_at: Any) -> None:
    """Right: 4 T² d = 8 T d² + 16 T d² at T = 6 d."""
    results = [half_at(d) for d in (64, 384)]
    if same(results, [128, 768]):
        raise Mistake("That is attention alone: the feed-forward part belongs to the rest too.")
    if same(results, [256, 1536]):
        raise Mistake("That is the feed-forward part alone: the matrices of attention count too.")
    if same(results, [192, 1152]):
        raise Mistake("Looking takes 4 T² d, twice your count: additions are counted too.")
    if same(results, [768, 4608]):
        raise Mistake("Looking takes 4 T² d: scores and weighted sums.")
    if not same(results, [384, 2304]):
        raise Mistake("Set 4 T² d equal to 8 T d² + 16 T d² and solve for T.")


@exercise
def merge(merge: Any) -> None:
    """Right: both states relative to the larger maximum, then added."""
    rng = np.random.default_rng(0)
    scores, values = rng.normal(size=8), rng.normal(size=(8, 3))

    def state(scores: np.ndarray, values: np.ndarray) -> tuple[float, float, np.ndarray]:
        weights = np.exp(scores - scores.max())
        return float(scores.max()), float(weights.sum()), weights @ values

    order = np.argsort(scores)
    low, high = order[:5], order[5:]
    for first, second in ((low, high), (high, low)):
        parts = state(scores[first], values[first]), state(scores[second], values[second])
        found, (m, total, weighted) = merge(*parts), state(scores, values)
        if same(found[1], parts[0][1] + parts[1][1]):
            raise Mistake("Rescale before adding: each sum is relative to its own maximum.")
        if same(found[2], parts[0][2] + parts[1][2]):
            raise Mistake("The weighted sums need the factors as well.")
        if not same(found[0], m):
            raise Mistake("The maximum of the whole is the larger of the two.")
        if not (same(found[1], total) and same(found[2], weighted)):
            raise Mistake("Multiply both sums of a part by exp(its maximum - the larger one).")
    far = merge((1000.0, 1.0, np.ones(3)), (-1000.0, 1.0, np.ones(3)))
    if not (same(far[1], 1.0) and same(far[2], np.ones(3))):
        raise Mistake("With maxima a thousand apart it overflows: relative to the larger one.")


@exercise
def sink_weight(sink_weight: Any) -> None:
    """Right: the output is divided by 1 - w, so w = 1 - 1 / factor."""
    results = [sink_weight(factor) for factor in (2.0, 5.0)]
    if same(results, [1 / 2, 1 / 5]):
        raise Mistake("That is 1 - w: what is left for the other tokens.")
    if same(results, [2 / 3, 5 / 6]):
        raise Mistake("You set the change to factor times o; the output itself is o plus change.")
    if not same(results, [1 / 2, 4 / 5]):
        raise Mistake("With v = 0, o + Δ is o / (1 - w). Solve for w.")


@exercise
def replacing(replacing: Any) -> None:
    """Right: each token replaced in one copy, and the others' mean vector compared."""
    encoder, ids = _tiny_encoder(), torch.tensor([2, 7, 5, 9, 3])
    T, mask_id = len(ids), 4
    kept = ids.clone()
    found = replacing(encoder, ids, mask_id)
    if not torch.equal(ids, kept):
        raise Mistake("You changed `ids` itself: work on copies.")
    found = torch.as_tensor(found)
    if found.shape != (T,):
        raise Mistake(f"One number a token is wanted, [T]; yours is {list(found.shape)}.")
    own, rest, summed = [], [], []
    with torch.no_grad():
        before = encoder(ids[None]).last_hidden_state[0]  # [T, d_model]
        for s in range(T):
            text = ids.clone()
            text[s] = mask_id
            moved = encoder(text[None]).last_hidden_state[0] - before  # [T, d_model]
            others = torch.arange(T) != s
            own.append(moved.mean(dim=0).norm())
            rest.append(moved[others].mean(dim=0).norm())
            summed.append(moved[others].sum(dim=0).norm())
    if _agree(found, own):
        raise Mistake("The replaced token's own vector is in your mean; leave it out.")
    if _agree(found, summed):
        raise Mistake("You took the sum of the others, not their mean: divide by T - 1.")
    if not _agree(found, rest):
        raise Mistake("Compare, for each token, the mean vector of the others with what it was.")


def _agree(found: torch.Tensor, expected: list[torch.Tensor]) -> bool:
    return bool(torch.allclose(found.float(), torch.stack(expected), atol=1e-4, rtol=1e-3))


def _tiny_encoder() -> Any:
    """A BERT of random weights that reads ids below 12."""
    from transformers import BertConfig, BertModel

    sizes: dict[str, Any] = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=12, intermediate_size=16, max_position_embeddings=16, **sizes
        )
        model = BertModel(config).eval()
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.5)  # large enough to see each token
    return model
