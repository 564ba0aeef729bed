"""Wrong answers of appendix/popular_claims_examined: exercise, answer, a piece of what is said."""

import numpy as np
import torch


def _means(batches, dim=-1):
    return [(x.argmax(dim) == y).float().mean().item() for x, y in batches]


def _changed(learners, rename_test=True):
    generator = np.random.default_rng(0)
    train, test = generator.integers(40, size=(100, 5)), generator.integers(40, size=(200, 5))
    labels, rename = generator.integers(2, size=100), generator.permutation(40)
    renamed = rename[test] if rename_test else test
    return [
        name
        for name, learn in learners.items()
        if (learn(train, labels, test) != learn(rename[train], labels, renamed)).any()
    ]


MISTAKES = [
    (1, lambda: [1.99], "two numbers"),
    (1, lambda: [2.00, 1.99], "other way round"),
    (1, lambda: [2.01, 2.00], "its sign turns"),
    (1, lambda: [1.995, 1.995], "plain gradient descent"),
    (1, lambda: [1.99, 2.01], "shrinks the weight"),
    (1, lambda: [1.99, 1.98], "goes up"),
    (1, lambda: [3, 3], "formula (2)"),
    (2, lambda batches: sum(_means(batches, None)) / 3, "one number a batch"),
    (
        2,
        lambda batches: torch.cat([x.argmax() == y for x, y in batches]).float().mean(),
        "still gives one number",
    ),
    (2, lambda batches: sum(_means(batches)) / 3, "small batches"),
    (2, lambda batches: _means(batches)[-1], "last batch"),
    (2, lambda batches: _means(batches)[0], "first batch"),
    (2, lambda batches: 60, "percentage"),
    (2, lambda batches: 6, "divide it"),
    (2, lambda batches: 0.5123, "six"),
    (3, lambda learners: [*"ABCDEF"], "same renumbering"),
    (3, lambda learners: [*"ABE"], "honest"),
    (3, lambda learners: [*"CD"], "F reads numbers too"),
    (3, lambda learners: [*"BCDF"], "B gives the same"),
    (3, lambda learners: [*"CDF"], "any programs"),
    (3, lambda learners: _changed(learners, rename_test=False), ""),
]
