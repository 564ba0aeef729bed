"""Wrong answers of background/text_as_data: exercise, answer, a piece of what is said of it."""

import numpy as np

MISTAKES = [
    (1, lambda: (3, 5), "Three numbers"),
    (1, lambda: (1, 5, 11), "two spaces"),
    (1, lambda: (3, 3, 11), "spaces are characters"),
    (1, lambda: (3, 6, 11), "one code point"),
    (1, lambda: (3, 5, 9), "left out the spaces"),
    (1, lambda: (3, 5, 5), "below 128"),
    (1, lambda: (3, 5, 10), "takes two"),
    (1, lambda: (3, 5, 12), "compare each"),
    (2, lambda: 1.9, "Two numbers"),
    (2, lambda: (1.8, 1 / 6), "average of both"),
    (2, lambda: (2.7, 1 / 6), "weigh the same"),
    (2, lambda: (1.71, 1 / 6), "nine tenths"),
    (2, lambda: (1.5, 1 / 6), "0.1 times 0.90"),
    (2, lambda: (1.9, 5 / 6), "that is new"),
    (2, lambda: (1.9, 1 / 7), "below the line"),
    (2, lambda: (1.9, 0.3), "gain in bits"),
    (2, lambda: (1.9, 0.5), "formula (3)"),
    (3, lambda: ["lower", "upper"], "each of the four"),
    (3, lambda: ["upper", "reversed", "gaps", "lower"], "upside down"),
    (3, lambda: ["lower", "gaps", "upper", "reversed"], "In capitals"),
    (3, lambda: ["gaps", "lower", "reversed", "upper"], "In small letters"),
    (3, lambda: ["lower", "reversed", "gaps", "upper"], "three words in a row"),
    (4, lambda c, n: sum(_missed(c, n)), "are missed"),
    (4, lambda c, n: np.sum(1 - (1 - c / c.sum()) ** n), "put the words back"),
    (4, lambda c, n: n, "some hold the same"),
    (4, lambda c, n: float("nan"), "too few other places"),
    (4, lambda c, n: 4, "one minus"),
]


def _missed(counts, n):
    total = counts.sum()
    return [np.prod([(total - c - i) / (total - i) for i in range(n)]) for c in counts]
