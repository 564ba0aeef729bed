"""Wrong answers of pretraining/bert_from_scratch: exercise, answer, what is said of it."""


def _pack(between=(3,), end=(3,), early=0, none_ids=None):
    def pack(first, second):
        if second is None:
            ids = none_ids or [2, *first, 3]
            return ids, [0] * len(ids)
        ids = [2, *first, *between, *second, *end]
        zeros = len(first) + 2 - early
        return ids, [0] * zeros + [1] * (len(ids) - zeros)

    return pack


MISTAKES = [
    (1, lambda: (48,), "two numbers"),
    (1, lambda: (60, 0.5), "60 are chosen"),
    (1, lambda: (320, 0.5), "80 % of all"),
    (1, lambda: (50, 0.5), "15 % of 400"),
    (1, lambda: (48, 0.4), "before you add"),
    (1, lambda: (48, 0.375), "mean of the two"),
    (1, lambda: (48, 0.7), "¼, ½ and ¼"),
    (2, _pack(end=()), "closed by a [SEP], too"),
    (2, _pack(between=(3, 2)), "one [CLS]"),
    (2, _pack(between=()), "The ids are"),
    (2, lambda first, second: ([2, *first, 3, *second, 3], [0]), "Every id"),
    (2, _pack(early=1), "its segment is 0"),
    (2, _pack(early=2), "Segment 0 goes up"),
    (2, _pack(none_ids=[2, 7, 8, 3, 3]), "not an empty one"),
    (2, _pack(none_ids=[2, 7, 8]), "Without a second"),
    (3, lambda: [9.8], "two numbers"),
    (3, lambda: [6.7, 6.8], "nats"),
    (3, lambda: [12.1, 12.2], "untrained"),
    (3, lambda: [9.8, 9.8], "without look_near"),
]
