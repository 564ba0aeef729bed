"""Wrong answers of transformer/block: exercise, answer, what is said of it."""


def _cost(extra, *, scale=2, head=True, heads=None, blocks=None, again=False, half=False):
    def answer(T, C, n, V):
        row = (1 if half else 2) * (T + extra) * C
        work = (n if blocks is None else blocks) * (12 * C**2 + row)
        work += (n if heads else 1) * V * C if head else 0
        return scale * (T + 1 if again else 1) * work

    return answer


MISTAKES = [
    (1, lambda: (3_212_288,), "two numbers"),
    (1, lambda: (2_491_392, 3_137), "three matrices"),
    (1, lambda: (3_211_264, 3_137), "left out the norms"),
    (1, lambda: (3_213_312, 3_137), "no shift"),
    (1, lambda: (1_000_000, 3_137), "four matrices"),
    (1, lambda: (3_212_288, 3_136), "the same"),
    (1, lambda: (3_212_288, 2_113), "feed-forward layer alone"),
    (1, lambda: (3_212_288, 2_433), "three matrices"),
    (1, lambda: (3_212_288, 6_273), "averages T values"),
    (1, lambda: (3_212_288, 512), "divided by 2C"),
    (2, _cost(0), "itself"),
    (2, _cost(1, scale=1), "two FLOP"),
    (2, _cost(1, head=False), "head of V symbols is missing"),
    (2, _cost(1, heads=True), "one head"),
    (2, _cost(1, blocks=1), "n blocks"),
    (2, _cost(1, again=True), "whole text again"),
    (2, _cost(1, half=True), "twice"),
    (2, lambda T, C, n, V: 0, "should be"),
    (3, lambda: [4.46], "two numbers"),
    (3, lambda: [3.1, 2.7], "nats"),
    (3, lambda: [3.9, 4.46], "first number"),
    (3, lambda: [4.1, 3.9], "the depth 12"),
    (3, lambda: [4.46, 4.45], "in every block"),
]
