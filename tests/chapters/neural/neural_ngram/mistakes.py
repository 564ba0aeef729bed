"""Wrong answers of neural/neural_ngram: exercise, answer, what is said of it."""


def _windows(row, n, *, own=False, reverse=False, pad=True):
    padded = [0] * (n - 2) + row if pad else row
    found = []
    for t in range(len(padded) - n + 1):
        window = padded[t + own : t + own + n - 1]
        found.append(window[::-1] if reverse else window)
    return found


MISTAKES = [
    (1, lambda: (301, 9632), "round up"),
    (1, lambda: (343, 10976), "n − 1 letters"),
    (1, lambda: (312, 9984), "vectors of the V symbols"),
    (1, lambda: (302, 3072), "not the table"),
    (1, lambda: (302, 302), "d more columns"),
    (1, lambda: (100, 3200), "stands beside H"),
    (1, lambda: 302, "Two numbers"),
    (2, lambda row, n: _windows(row, n + 1), "n counts the symbol"),
    (2, lambda row, n: [*_windows(row, n), row[-n + 1 :]], "one window too many"),
    (2, lambda row, n: _windows(row, n, pad=False), "zeros in front"),
    (2, lambda row, n: _windows(row, n, reverse=True), "at the end"),
    (2, lambda row, n: _windows(row, n, own=True), "very symbol"),
    (2, lambda row, n: [[1] * (n - 1)] * (len(row) - 1), "begin 0 0 0"),
    (3, lambda: 3.3, "Two numbers"),
    (3, lambda: (2.29, 1.94), "nats"),
    (3, lambda: (9.5, 2.8), "untrained"),
    (3, lambda: (2.8, 3.3), "comes first"),
    (3, lambda: (4.4, 4.2), "settings"),
]
