"""Wrong answers of background/what_is_a_language_model: exercise, answer, what is said of it."""

import numpy as np


def _both(surprise, text):
    first, both = surprise(text), surprise(f"{text} {text}")
    return first, both[len(first) :]


MISTAKES = [
    (1, lambda: (2.0, 1 / 64), "mean surprise"),
    (1, lambda: (6 * np.log(2), 1 / 64), "nats"),
    (1, lambda: (7 / 8, 1 / 64), "not the tosses"),
    (1, lambda: (6, 7 / 8), "multiply"),
    (1, lambda: (6, 1 / 6), "not the product"),
    (2, lambda tokens, s: sum(s) / len(tokens), "divide by the tokens"),
    (
        2,
        lambda tokens, s: np.mean([x / len(t) for t, x in zip(tokens, s, strict=True)]),
        "mean of ratios",
    ),
    (2, lambda tokens, s: sum(s) / len("".join(t.strip() for t in tokens)), "Spaces"),
    (2, lambda tokens, s: sum(s), "the total"),
    (3, lambda s, text: (s(text).sum(), s(f"{text} {text}").sum()), "holds both"),
    (3, lambda s, text: tuple(x.sum() for x in _both(s, text))[::-1], "wrong order"),
    (3, lambda s, text: tuple(x.mean() for x in _both(s, text)), "means"),
    (3, lambda s, text: (s(text).sum(), s(text).sum()), "in one text"),
    (3, lambda s, text: (s(text).sum(), s(text + text)[len(s(text)) :].sum()), "space"),
]
