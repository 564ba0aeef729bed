"""Wrong answers of transformer/encoder_decoder: exercise, answer, a piece of what is said of it."""

P, R = 5 / 6, 0.65


def by_sum(texts):
    return max(range(len(texts)), key=lambda i: texts[i][0])


def longest(texts):
    return max(range(len(texts)), key=lambda i: texts[i][1])


def the_text(texts):
    return max(texts, key=lambda text: text[0] / text[1])


MISTAKES = [
    (1, lambda: (P, R), "three numbers"),
    (1, lambda: (R, P, 68.0), "exchanged"),
    (1, lambda: (6 / 7, 6 / 9, 70.0), "not all runs together"),
    (1, lambda: (1.0, 0.8, 83.3), "n = 1 alone"),
    (1, lambda: (0.5, R, 60.0), "Of three runs"),
    (1, lambda: (P, 0.5, 60.0), "five symbols"),
    (1, lambda: (P, R, 200 * P * R / (P + R)), "β = 1"),
    (1, lambda: (P, R, 500 * P * R / (P + 4 * R)), "recall weighs more"),
    (1, lambda: (P, R, 0.68), "Times 100"),
    (1, lambda: (P, R, 50.0), "put them into"),
    (2, by_sum, "highest sum"),
    (2, longest, "longest"),
    (2, the_text, "number of the text"),
    (2, lambda texts: 7, "The means are"),
    (2, lambda texts: 1, "Of equal length"),
    (2, lambda texts: 1 if texts[0][1] == 2 else 0, "not every time"),
    (3, lambda: (24.0,), "two scores"),
    (3, lambda: (24.0, 24.0), "The same twice"),
    (3, lambda: (15.0, 24.0), "other way round"),
    (3, lambda: (0.24, 0.15), "0 to 100"),
    (3, lambda: (24.0, 3.0), "not of the letters"),
]
