"""Metrics against closed forms and scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from lmcourse.evaluation import metrics

probabilities = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=30)


@given(probabilities)
def test_cross_entropy_and_perplexity_are_the_geometric_mean(ps):
    expected = math.prod(p ** (-1 / len(ps)) for p in ps)
    assert math.isclose(metrics.perplexity(np.log(ps)), expected, rel_tol=1e-9)
    assert math.isclose(metrics.cross_entropy(np.log(ps)), math.log(expected), abs_tol=1e-9)


def test_cross_entropy_equals_scikit_learn():
    rng = np.random.default_rng(0)
    forecast, seen = rng.dirichlet(np.ones(5), size=40), rng.integers(5, size=40)
    ours = metrics.cross_entropy(np.log(forecast[np.arange(40), seen]))
    assert math.isclose(ours, log_loss(seen, forecast, labels=range(5)))


def test_uniform_guessing_has_the_size_of_the_alphabet_as_perplexity():
    assert math.isclose(metrics.perplexity(np.full(7, -math.log(96))), 96)
    texts = np.array([10, 200, 3])
    assert math.isclose(metrics.bits_per_char(texts * math.log(96), texts), math.log2(96))


def test_bad_input_names_the_parameter():
    with pytest.raises(ValueError, match="log_probs is empty"):
        metrics.cross_entropy([])
    with pytest.raises(ValueError, match="n_chars is empty"):
        metrics.bits_per_char([1.0], [])
    with pytest.raises(ValueError, match="differ in shape"):
        metrics.bits_per_char([1.0], [2, 3])
