"""Wrong answers of bert/finetune_sentiment: exercise, answer, what is said of it."""

import numpy as np


def _counts(alone, also):
    return int(alone.sum()), int(also.sum())


def _right(classify, texts, labels):
    return np.mean(classify(texts) == labels)


def _words(texts, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.permutation(text.split())) for text in texts]


def _characters(texts):
    rng = np.random.default_rng(0)
    return ["".join(rng.permutation([*text])) for text in texts]


def _lost(shuffle):
    return lambda f, x, y: _right(f, x, y) - _right(f, shuffle(x), y)


MISTAKES = [
    (1, lambda a, b, y: _counts((b == y) & (a != y), (a == y) & (b != y)), "order"),
    (1, lambda a, b, y: _counts(a == y, b == y), "all that each gets right"),
    (
        1,
        lambda a, b, y: _counts((a == y) & (a != b), (a != y) & (a != b)),
        "both answers are wrong",
    ),
    (1, lambda a, b, y: _counts((a == y) & (b != y), (b == y) & (a != y))[:1], "two counts"),
    (2, _lost(lambda x: x), "keep their order"),
    (2, _lost(_characters), "not the characters"),
    (2, _lost(lambda x: [" ".join(sorted(t.split())) for t in x]), "drawn anew"),
    (2, _lost(lambda x: [" ".join(t.split()[::-1]) for t in x]), "drawn anew"),
    (2, _lost(lambda x: [" ".join(t.split()[1:]) for t in x]), "keep them all"),
    (2, lambda f, x, y: _lost(_words)(f, x, y) + 0.02, "must lose nothing"),
    (2, lambda f, x, y: _right(f, _words(x), y), "That is an accuracy"),
    (2, lambda f, x, y: _right(f, _words(x), y) - _right(f, x, y), "The sign"),
    (2, lambda f, x, y: len(x) * _lost(_words)(f, x, y), "number of texts"),
    (3, lambda: 13_830, "either"),
    (3, lambda: 900, "1.96 is missing"),
    (3, lambda: 1764, "squared too"),
    (3, lambda: 58.8, "square both sides"),
    (3, lambda: 0.35, "One point is 0.01"),
    (3, lambda: 385, "Solve"),
]
