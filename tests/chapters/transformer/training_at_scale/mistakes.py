"""Wrong answers of transformer/training_at_scale: exercise, answer, piece of what is said of it."""

import numpy as np


def length(slope):
    return np.sqrt(np.sum(slope**2))


def shortened(slope, longest):
    return slope * min(1.0, longest / max(length(slope), 1e-12))


def by_parts(sums, counts, longest):
    return shortened(sum(sums) / len(sums), longest)


def mean_of_means(sums, counts, longest):
    return shortened(sum(s / n for s, n in zip(sums, counts, strict=True)) / len(sums), longest)


def always(sums, counts, longest):
    slope = sum(sums) / sum(counts)
    return slope * longest / length(slope)


def clips_parts(sums, counts, longest):
    return sum(shortened(s, longest) for s in sums) / sum(counts)


def clips_first(sums, counts, longest):
    return shortened(sum(sums), longest) / sum(counts)


def by_number(sums, counts, longest):
    return np.clip(sum(sums) / sum(counts), -longest, longest)


MISTAKES = [
    (1, lambda: (1.0,), "two numbers"),
    (1, lambda: (4 / 3, 1.0), "other way round"),
    (1, lambda: (20 / 3, 4 / 3), "not of processes"),
    (1, lambda: (2.0, 4 / 3), "all nats over all letters"),
    (1, lambda: (1.0, 4.0), "divide by three"),
    (1, lambda: (1.0, 2.0), "take their mean"),
    (2, by_parts, "not by parts"),
    (2, mean_of_means, "divided by itself"),
    (2, always, "1 at most"),
    (2, lambda sums, counts, longest: sum(sums), "make [0.25, 0.75]"),
    (2, clips_parts, "clip once, at the end"),
    (2, clips_first, "before clipping"),
    (2, lambda sums, counts, longest: sum(sums) / sum(counts), "clipped to 3 make 3"),
    (2, by_number, "not number by number"),
    (3, lambda: (0.5,), "two numbers"),
    (3, lambda: (1.5, 1.5), "not in bf16"),
    (3, lambda: (0.7, 1.5), "from the first on"),
    (3, lambda: (0.5, 0.5), "must remember"),
    (3, lambda: (0.5, 400.0), "Too far"),
    (3, lambda: (0.5, 1.2), "near 1.5"),
]
