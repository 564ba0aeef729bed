"""Whether probabilities are what they say, and one number that mends them.

`bert/robustness` teaches both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lmcourse.evaluation.metrics import filled

COLDEST, HOTTEST = 0.02, 50.0  # where `fit_temperature` looks


def calibration_error(probabilities: ArrayLike, happened: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error (Naeini, Cooper and Hauskrecht 2015) of N stated probabilities.

    The texts are sorted into `bins` bins of equal width by the probability that was stated for
    them. In each, the mean of what was stated is compared with the share of what happened; the
    result is the mean of these distances, weighted by the number of texts in a bin. Also an ideal
    model's is above zero, since a share of few texts differs from its chance.

    Args:
        probabilities: of an event (that the answer is right, that the class is 1), [N].
        happened: whether it came, [N] of 0 and 1.

    Raises:
        ValueError: no texts, arrays of different shapes, a number that is no probability, an event
            that is neither 0 nor 1, or no bin.
    """
    stated, came = filled(probabilities, "probabilities"), filled(happened, "happened")
    if stated.shape != came.shape:
        raise ValueError(f"probabilities {stated.shape} and happened {came.shape} differ in shape")
    if not ((stated >= 0) & (stated <= 1)).all():
        raise ValueError("probabilities are from 0 to 1")
    if not np.isin(came, (0, 1)).all():
        raise ValueError("happened is 0 or 1")
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    place = np.minimum((stated * bins).astype(int), bins - 1)  # [N]; 1 belongs to the last bin
    surplus = np.bincount(place, weights=stated - came, minlength=bins)  # [bins], summed
    return float(np.abs(surplus).sum() / len(stated))


def fit_temperature(scores: ArrayLike, labels: ArrayLike) -> float:
    """The T that minimizes the mean surprise of softmax(scores / T) at `labels` (Guo et al. 2017).

    Args:
        scores: [N, K], of texts that the model was not trained on.
        labels: [N], class numbers from 0.

    Returns:
        T between `COLDEST` and `HOTTEST`; one of these when the best lies beyond, as it does when
        all answers are right (the colder the better) or no better than chance.

    Raises:
        ValueError: no texts, shapes that do not fit, or a label that is no class.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    table, truth = np.asarray(scores, dtype=float), np.asarray(labels)
    if table.ndim != 2 or truth.shape != table.shape[:1] or not len(truth):
        raise ValueError(f"scores must be [N, K] and labels [N], not {table.shape}, {truth.shape}")
    if not np.isin(truth, np.arange(table.shape[1])).all():
        raise ValueError(f"labels must be class numbers from 0 to {table.shape[1] - 1}")
    at_label = truth.astype(int)[:, None]  # [N, 1]

    def surprise(inverse: float) -> float:
        return -float(np.take_along_axis(log_softmax(inverse * table, axis=1), at_label, 1).mean())

    bounds = (1 / HOTTEST, 1 / COLDEST)  # convex in 1 / T
    return float(1 / minimize_scalar(surprise, bounds=bounds, method="bounded").x)
