"""Wrong answers of neural/recurrent: exercise, answer, a piece of what is said of it."""

MISTAKES = [
    (1, lambda counts: counts / counts.sum(), "Those are the shares"),
    (2, lambda counts, i, j: counts[j] / counts[i], "upside down"),
    (3, lambda counts, k: (counts + k) / counts.sum(), "sum to more than one"),
]
