"""Formulas of transformer/decoding against exact fractions, torch's counter and every text."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from lmcourse.models.llama import Cache, Llama, LlamaConfig
from tests.chapter import functions

chapter = functions("transformer/decoding")


@pytest.mark.formula(1, "chapter:at_temperature")
@pytest.mark.parametrize("T", [0.25, 0.5, 1.0, 2.0])
def test_temperature_divides_the_logits(T):
    logits = np.array([0.3, -1.0, 2.0, 0.7])
    p = np.exp(logits) / np.exp(logits).sum()
    expected = [1 / sum(np.exp((other - here) / T) for other in logits) for here in logits]
    np.testing.assert_allclose(chapter["at_temperature"](p, T), expected)


@pytest.mark.formula(2, "chapter:min_p")
def test_min_p_by_fractions():
    counts = [40, 25, 20, 10, 5]
    for hundredth in (10, 12, 13, 24, 26, 100):
        expected = {
            i for i, count in enumerate(counts) if Fraction(count, 40) >= Fraction(hundredth, 100)
        }
        assert chapter["min_p"](np.array(counts) / 100, hundredth / 100) == expected


def test_top_k_and_top_p_by_every_set():
    counts = [5, 40, 20, 10, 25]
    p = np.array(counts) / 100
    for k in range(1, 7):
        assert sum(counts[i] for i in chapter["top_k"](p, k)) == sum(sorted(counts)[-k:])
    for percent in (1, 39, 41, 64, 66, 84, 86, 94, 96):
        size = next(
            n
            for n in range(1, 6)
            if any(sum(some) >= percent for some in itertools.combinations(counts, n))
        )
        assert chapter["top_p"](p, percent / 100) == chapter["top_k"](p, size)


def test_beam_search_wide_enough_is_exhaustive():
    rng = np.random.default_rng(0)
    V, n = 3, 4
    for _ in range(10):
        tables = {
            row: np.log(rng.dirichlet(np.ones(V)))
            for length in range(n)
            for row in itertools.product(range(V), repeat=length)
        }
        scores = {
            text: sum(tables[text[:t]][text[t]] for t in range(n))
            for text in itertools.product(range(V), repeat=n)
        }
        found = chapter["beam_search"](lambda row, t=tables: t[tuple(row)], [], n, V ** (n - 1))
        best = max(scores, key=scores.get)
        assert tuple(found[0][1]) == best
        assert found[0][0] == pytest.approx(scores[best])


@pytest.mark.formula(3, "chapter:multiplies")
@pytest.mark.parametrize("n", [2, 9])
def test_multiplies_are_those_that_torch_counts(n):
    model = Llama(LlamaConfig(17, 12, 3, 4, 2, 16, 24)).eval()
    N = sum(w.numel() for w in model.blocks.parameters() if w.dim() == 2)
    ids = torch.randint(17, (1, n))
    cache = Cache(n)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        model.hidden(ids[:, :-1], cache)
        for new, held in ((ids[:, -1:], cache), (ids, None)):
            with FlopCounterMode(display=False) as counter:
                model.logits(model.hidden(new, held)[:, -1])
            expected = chapter["multiplies"](n, held is not None, N, 3, 16, 17)
            assert counter.get_total_flops() == 2 * expected


def test_cached_and_uncached_write_the_same():
    torch.manual_seed(0)
    model = Llama(LlamaConfig(17, 20, 2, 4, 2, 16, 24)).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    ids = torch.tensor([[1, 2, 3]])
    uncached = chapter["greedy_uncached"](model, ids, 12)
    assert uncached.tolist() == chapter["greedy_cached"](model, ids, 12).tolist()


@pytest.mark.formula(4, "chapter:rest")
def test_the_rest_by_fractions():
    p, q = [40, 25, 20, 10, 5], [20, 40, 15, 10, 15]
    left = [max(0, a - b) for a, b in zip(p, q, strict=True)]
    expected = [float(Fraction(x, sum(left))) for x in left]
    found = chapter["rest"](np.array(p) / 100, np.array(q) / 100)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.formula(5, "chapter:speculate")
@pytest.mark.parametrize("k", [0, 1, 3])
def test_speculation_has_the_targets_distribution(k):
    rng = np.random.default_rng(1)
    large, small = rng.dirichlet(np.ones(3), size=(2, 3))
    counts, draws = np.zeros((3, 3)), 12_000
    for _ in range(draws):
        ids = [0]
        while len(ids) < 3:
            ids = chapter["speculate"](
                lambda row: large[row], lambda row: small[row[-1]], ids, k, rng
            )
        counts[ids[1], ids[2]] += 1
    expected = draws * large[0][:, None] * large
    assert chisquare(counts.ravel(), expected.ravel()).pvalue > 1e-4
