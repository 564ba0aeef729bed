"""Wrong answers of transformer/decoding: exercise, answer, a piece of what is said of it."""


def compares_one(ids, n):
    return {ids[i + n - 1] for i in range(len(ids) - n + 1) if ids[i] == ids[-n + 1]}


def only_the_last(ids, n):
    start = ids[len(ids) - n + 1 :]
    places = [i for i in range(len(ids) - n + 1) if ids[i : i + n - 1] == start]
    return {ids[i + n - 1] for i in places[-1:]}


def stops_early(ids, n):
    start = ids[len(ids) - n + 1 :]
    return {ids[i + n - 1] for i in range(len(ids) - n) if ids[i : i + n - 1] == start}


MISTAKES = [
    (1, lambda: (0.6,), "two numbers"),
    (1, lambda: (0.4, 0.75), "share refused"),
    (1, lambda: (1.0, 0.75), "sum of min"),
    (1, lambda: (0.6, 0.3), "divide"),
    (1, lambda: (0.6, 0.5), "not from p"),
    (1, lambda: (0.6, 0.25), "divided by its sum"),
    (2, lambda ids, n: {*ids}, "nothing stands twice"),
    (2, lambda ids, n: set(), "would repeat"),
    (2, stops_early, "overlap the end"),
    (2, only_the_last, "have both followed"),
    (2, compares_one, "all of the last two"),
    (3, lambda: (8000.0,), "two means"),
    (3, lambda: (300.0, 300.0), "The same twice"),
    (3, lambda: (300.0, 8000.0), "other way round"),
    (3, lambda: (80000.0, 3000.0), "not a sum"),
    (3, lambda: (600.0, 300.0), "exponent"),
]
