"""Wrong answers of bert/three_ways_to_train: exercise, answer, a piece of what is said of it."""


def _rule(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch + 1, best + 1


def _with_the_last(losses, patience):
    waited = 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited >= patience:
            return epoch + 1, losses.index(min(losses[: epoch + 1])) + 1
    return len(losses), losses.index(min(losses)) + 1


def _ties_to_the_last(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch + 1, best + 1


MISTAKES = [
    (1, lambda: 0.5, "The rate falls"),
    (1, lambda: 2 - 2 * 0.8**5, "plain steps"),
    (1, lambda: 0.9554, "clipped to length one"),
    (1, lambda: 0.2, "three of three"),
    (1, lambda: 0.25, "after the last step"),
    (1, lambda: 1.0, "add up five"),
    (2, lambda x, p: (*_rule(x, p), min(x)), "two numbers"),
    (2, lambda x, p: tuple(n - 1 for n in _rule(x, p)), "from one"),
    (2, lambda x, p: (_rule(x, p)[0],) * 2, "not those of the last"),
    (2, lambda x, p: (_rule(x, p)[0], 2), "falls to the end"),
    (2, _with_the_last, "smallest loss so far"),
    (2, lambda x, p: _rule(x, 1), "wait for it"),
    (2, lambda x, p: (_rule(x, p)[0], x.index(min(x)) + 1), "never seen"),
    (2, lambda x, p: _rule(x, p) if p < 2 or min(x) == x[-1] == 1 else (2, 2), "stops after"),
    (2, _ties_to_the_last, "no new smallest"),
    (3, lambda: (-1e-4, 1e-6), "absolute value"),
    (3, lambda: (0.0, 0.0), "with itself"),
    (3, lambda: (0.3, 0.2), "too large"),
    (3, lambda: (1e-6, 1e-4), "The order"),
    (3, lambda: (1e-4, 1e-4), "reached both"),
]
