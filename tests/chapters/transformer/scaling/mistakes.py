"""Wrong answers of transformer/scaling: exercise, answer, a piece of what is said of it."""

import math

MISTAKES = [
    (1, lambda: [7 / 3, 2.25], "three numbers"),
    (1, lambda: [2.25, 2.25, 0.5], "not halved"),
    (1, lambda: [2.0, 2.25, 0.5], "step before"),
    (1, lambda: [2.4, 2.25, 0.5], "the same part"),
    (1, lambda: [7 / 3, 7 / 3, 0.5], "more gains"),
    (1, lambda: [7 / 3, 2.0, 0.5], "formula (2)"),
    (1, lambda: [7 / 3, 2.25, -0.5], "minus of its own"),
    (1, lambda: [7 / 3, 2.25, math.log(3) / math.log(4)], "not by four"),
    (1, lambda: [7 / 3, 2.25, 2], "upside down"),
    (1, lambda: [7 / 3, 2.25, 0.3], "leaves a third"),
    (2, lambda law, n_0, target: n_0 * (law[1] / (target - law[0])) ** law[2], "1 / alpha"),
    (2, lambda law, n_0, target: n_0 * (law[1] / target) ** (1 / law[2]), "floor off"),
    (2, lambda law, n_0, target: ((target - law[0]) / law[1]) ** (1 / law[2]), "Upside down"),
    (2, lambda law, n_0, target: 40.0, "need 400"),
    (2, lambda law, n_0, target: (law[1] / (target - law[0])) ** (1 / law[2]), "counted in n_0"),
    (2, lambda law, n_0, target: n_0 * (law[1] / (target - law[0])) ** (1 / law[2]), "by zero"),
    (
        2,
        lambda law, n_0, target: n_0 * (law[1] / abs(target - law[0] or 1)) ** (1 / law[2]),
        "infinity",
    ),
    (3, lambda: [0.1], "two gains"),
    (3, lambda: [-0.02, -0.15], "minus bits"),
    (3, lambda: [2.5, 2.0], "too much"),
    (3, lambda: [0.15, 0.02], "other order"),
    (3, lambda: [0.02, 0.05], "drawn(1 / 2, 0)"),
]
