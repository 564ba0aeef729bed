"""Wrong answers of transformer/gpt: exercise, answer, what is said of it."""

import torch


def _moves(model, ids, places, kept):
    for s in places:
        changed = ids.clone()
        changed[0, s] = (ids[0, s] + 1) % 96
        if not torch.equal(model(changed)[0, kept(s)], model(ids)[0, kept(s)]):
            return True
    return False


MISTAKES = [
    (1, lambda: (124_672,), "two numbers"),
    (1, lambda: (124_544, 32), "last norm"),
    (1, lambda: (74_688, 32), "one block"),
    (1, lambda: (130_816, 32), "tied"),
    (1, lambda: (123_008, 32), "biases and norms"),
    (1, lambda: (100_000, 32), "two tables"),
    (1, lambda: (124_672, 31), "round up"),
    (1, lambda: (124_672, 33), "One width less"),
    (1, lambda: (124_672, 64), "all the rest"),
    (2, lambda m, ids: _moves(m, ids, [5], lambda s: slice(None)), "causal model"),
    (2, lambda m, ids: _moves(m, ids, [9], lambda s: slice(0, s)), "see letter 1"),
    (2, lambda m, ids: _moves(m, ids, [5], lambda s: slice(0, s)), "last letter only"),
    (2, lambda m, ids: _moves(m, ids, range(2, 10), lambda s: slice(0, s)), "see letter 1"),
    (3, lambda: [3.5], "two numbers"),
    (3, lambda: [2.9, 3.5], "first number"),
    (3, lambda: [2.45, 2.0], "nats"),
    (3, lambda: [3.1, 2.9], "still attend"),
    (3, lambda: [4.5, 2.9], "train it for longer"),
    (3, lambda: [3.55, 3.5], "second number"),
]
