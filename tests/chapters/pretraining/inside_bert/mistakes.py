"""Wrong answers of pretraining/inside_bert: exercise, answer, what is said of it."""

MISTAKES = [
    (1, lambda: (0.85,), "two numbers"),
    (1, lambda: (85, 12), "per cent"),
    (1, lambda: (0.8, 0.17), "one in four"),
    (1, lambda: (0.25, 0.72), "guessing all words"),
    (1, lambda: (0.9, 0.07), "a quarter of the remaining"),
    (1, lambda: (0.85, -0.12), "other way round"),
    (1, lambda: (0.85, 0.2), "from 0.97"),
    (2, lambda: (1 / 3, 2 / 3), "three cosines"),
    (2, lambda: (1, 2, 1), "divide by both"),
    (2, lambda: (0, 1 / 3, 1 / 3), "share their segment"),
    (2, lambda: (3**-0.5, 2 / 3, 1 / 3), "root of 3 twice"),
    (2, lambda: (0.5, 2 / 3, 1 / 3), "one of three"),
    (2, lambda: (1 / 3, 1 / 3, 1 / 3), "word and segment"),
    (2, lambda: (1 / 3, 2 / 3, 2 / 3), "only the position"),
    (2, lambda: (1 / 3, 2 / 3, 0), "nothing else"),
    (3, lambda: [0.99], "two accuracies"),
    (3, lambda: [99, 88], "between 0 and 1"),
    (3, lambda: [0.5, 0.5], "guessing"),
    (3, lambda: [0.88, 0.99], "comes first"),
    (3, lambda: [0.99, 0.99], "as good as"),
]
