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


def _gap(by_hand, by_keras, epsilon):
    return by_hand(epsilon) - by_keras(epsilon)


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
    (3, lambda h, k: (_gap(h, k, 1e-8).max(),), "two numbers"),
    (3, lambda h, k: (_gap(h, k, 1e-8).max(), _gap(h, k, 1e-14).max()), "absolute value"),
    (3, lambda h, k: (-_gap(h, k, 1e-8).min(), -_gap(h, k, 1e-14).min()), "absolute value"),
    (3, lambda h, k: tuple(abs(_gap(h, k, e)).mean() for e in (1e-8, 1e-14)), "the mean"),
    (3, lambda h, k: tuple(abs(_gap(h, k, e)).max() for e in (1e-14, 1e-8)), "The order"),
    (3, lambda h, k: (abs(_gap(h, k, 1e-8)).max(),) * 2, "reached both"),
    (3, lambda h, k: (abs(_gap(h, k, 1e-8)).max(), abs(h(1e-8) - k(1e-14)).max()), "same epsilon"),
    (3, lambda h, k: (0.0, 0.0), "For each epsilon"),
]
