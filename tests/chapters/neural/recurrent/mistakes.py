"""Wrong answers of neural/recurrent: exercise, answer, a piece of what is said of it."""

import math

import torch


def weights(g_open=10.0, g_close=-10.0, g_other=0.0, f=10.0):
    """W and b of a counter that may be wrong in one place."""
    W = torch.zeros(4, 3)  # i, f, g, o
    W[2] = torch.tensor([g_open, g_close, g_other])
    return W, torch.tensor([10.0, f, 0.0, 10.0])


MISTAKES = [
    (1, lambda: (0.5, 0.405), "Three numbers"),
    (1, lambda: (1.0, 0.81, 0.405), "not all of it"),
    (1, lambda: (0.45, 0.3645, 0.405), "old cell, which is 0"),
    (1, lambda: (0.7, 0.405, 0.405), "plus 0.5 times 1"),
    (1, lambda: (0.5, 0.3645, 0.405), "two factors"),
    (1, lambda: (0.5, math.tanh(0.405), 0.405), "no tanh"),
    (1, lambda: (0.5, 0.5, 0.405), "twice multiplied by the forget"),
    (1, lambda: (0.5, 0.405, 0.45), "The RNN"),
    (2, lambda: (torch.zeros(3, 4), torch.zeros(4)), "[4, 3]"),
    (2, lambda: weights(g_open=0.5), "opening bracket"),
    (2, lambda: weights(g_close=0.0), "take off 1"),
    (2, lambda: weights(g_other=1.0), "add nothing"),
    (2, lambda: weights(f=3.0), "open the forget gate"),
    (3, lambda: [3.0, 2.0], "Four numbers"),
    (3, lambda: [1.9, 1.4, 1.36, 1.35], "nats"),
    (3, lambda: [1.95, 1.95, 1.95, 1.95], "no difference"),
    (3, lambda: [1.95, 1.96, 2.0, 2.8], "other way round"),
    (3, lambda: [3.8, 2.9, 2.4, 1.95], "its last letter"),
    (3, lambda: [2.8, 1.97, 2.0, 1.95], "fewer bits"),
    (3, lambda: [2.8, 2.1, 2.05, 1.95], "the same letters"),
]
