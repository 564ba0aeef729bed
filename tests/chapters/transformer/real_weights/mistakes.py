"""Wrong answers of transformer/real_weights: exercise, answer, a piece of what is said of it."""

import torch

MISTAKES = [
    (1, lambda: (11520,), "two numbers"),
    (1, lambda: (34560, 11520), "other way round"),
    (1, lambda: (5760, 17280), "not one"),
    (1, lambda: (384, 1152), "one layer"),
    (1, lambda: (46080, 138240), "bytes"),
    (1, lambda: (17280, 34560), "2 vectors, 3 heads"),
    (1, lambda: (11520, 23040), "With 9 heads"),
    (2, lambda: ["the mask"], "not in the table"),
    (2, lambda: ["other base", "no scale", "other eps"], "no exception"),
    (2, lambda: ["no scale", "transposed", "alphabetical"], "angle 0"),
    (2, lambda: ["other base", "transposed", "alphabetical"], "over one score"),
    (2, lambda: ["other base", "no scale"], "later layers"),
    (3, lambda: (17,), "two things"),
    (3, lambda: (18, "attention.value"), "counted from 0"),
    (3, lambda: (0, "norm_1"), "Not that layer"),
    (3, lambda: (17, "into attention.projection"), "an earlier part"),
    (3, lambda: (17, "attention.key"), "Not that part"),
    (4, lambda weight, n_heads: weight[:-1], "must stay"),
    (4, lambda weight, n_heads: weight, "Nothing has moved"),
    (4, lambda weight, n_heads: torch.cat([weight[::2], weight[1::2]]), "Head by head"),
    (
        4,
        lambda weight, n_heads: weight.unflatten(0, (n_heads, 2, -1)).transpose(1, 2).flatten(0, 2),
        "way back",
    ),
    (
        4,
        lambda weight, n_heads: (
            weight.unflatten(0, (n_heads, -1, 2)).flip(2).transpose(1, 2).flatten(0, 2)
        )[torch.randperm(len(weight), generator=torch.Generator().manual_seed(0))],
        "The scores differ",
    ),
]
