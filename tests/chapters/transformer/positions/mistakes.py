"""Wrong answers of transformer/positions: exercise, answer, a piece of what is said of it."""

import torch

from lmcourse.models.positions import rotate


def _pairs(x, start, *, sign=1, backwards=False, joined=True):
    d = x.shape[-1]
    pair = torch.arange(0, d, 2, dtype=x.dtype)
    speed = 10_000.0 ** (-pair / d)
    if backwards:
        speed = speed.flip(0)
    angle = sign * torch.arange(start, start + x.shape[-2])[:, None] * speed
    a, b = x[..., 0::2], x[..., 1::2]
    first = a * angle.cos() - b * angle.sin()
    second = b * angle.cos() + a * angle.sin()
    if joined:
        return torch.stack([first, second], dim=-1).flatten(-2)
    return torch.cat([first, second], dim=-1)


MISTAKES = [
    (1, lambda: [7, -6], "three numbers"),
    (1, lambda: [-7, -6, 4], "wrong direction"),
    (1, lambda: [6, -6, 4], "without any turn"),
    (1, lambda: [5, -6, 4], "the key once"),
    (1, lambda: [7, 6, 4], "half a turn apart"),
    (1, lambda: [7, 3, 4], "all signs"),
    (1, lambda: [7, -6, 2], "not the same score"),
    (1, lambda: [7, -6, 3], "back to where"),
    (2, lambda: [19], "two distances"),
    (2, lambda: [18, 1178], "one step more"),
    (2, lambda: [9, 513], "base ten"),
    (2, lambda: [27, 1701], "base two"),
    (2, lambda: [2, 2], "divide by it"),
    (2, lambda: [396, 25344], "raises e to it"),
    (2, lambda: [20, 1180], "smallest whole"),
    (3, lambda x, start: rotate(x, start), "i and i + d/2"),
    (3, lambda x, start: x, "Nothing is turned"),
    (3, lambda x, start: _pairs(x, 0), "at place start"),
    (3, lambda x, start: _pairs(x, start, joined=False), "where they came from"),
    (3, lambda x, start: _pairs(x, start, sign=-1, backwards=True), "wrong way"),
    (3, lambda x, start: _pairs(x, start, sign=-1), "by place"),
    (4, lambda: [0.5, 0.4, 0.4], "bits per character"),
    (4, lambda: [3.5, 3.5, 2.5], "changes nothing"),
    (4, lambda: [3.5, 3.8, 2.5], "worse"),
    (4, lambda: [3.5, 3.0, 2.5], "both blocks"),
    (4, lambda: [3.5, 2.5, 3.5], "places 0 to 63"),
]
