"""Formulas of bert/parameter_efficient against sums written out, and against `peft`."""

import math

import pytest
import torch

from lmcourse.models import lora
from tests.chapter import functions

chapter = functions("bert/parameter_efficient")


def drawn(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.formula(1, "chapter:LoRALinear")
def test_the_layer_is_the_sum_written_out_and_the_packages():
    layer = chapter["LoRALinear"](torch.nn.Linear(5, 4), 2, 6.0)
    layer.B.data = drawn(4, 2)
    x = drawn(3, 5, seed=1)
    y = layer(x)
    W, b, A, B = layer.linear.weight, layer.linear.bias, layer.A, layer.B
    for n in range(3):
        for i in range(4):
            total = b[i] + sum(W[i, j] * x[n, j] for j in range(5))
            for k in range(2):
                total = total + 6 / 2 * B[i, k] * sum(A[k, j] * x[n, j] for j in range(5))
            torch.testing.assert_close(y[n, i], total)
    package = lora.LoRALinear(layer.linear, 2, 6.0, torch.Generator())
    package.A.data, package.B.data = A.data, B.data
    torch.testing.assert_close(package(x), y)
    torch.testing.assert_close(package.change(), layer.change())


@pytest.mark.formula(2, "chapter:LoRALinear")
@pytest.mark.parametrize(("d_in", "d_out", "rank"), [(5, 4, 1), (4, 7, 3), (6, 6, 6)])
def test_the_layer_trains_rank_times_both_sides(d_in, d_out, rank):
    layer = chapter["LoRALinear"](torch.nn.Linear(d_in, d_out), rank, 1.0)
    layer.B.data = drawn(d_out, rank)
    trained = [p.numel() for p in layer.parameters() if p.requires_grad]
    assert sum(trained) == rank * (d_in + d_out)
    assert layer.A.abs().max() <= 1 / math.sqrt(d_in)
    assert torch.linalg.matrix_rank(layer.change()) <= rank


@pytest.mark.formula(3, "chapter:bottleneck")
def test_bottleneck_is_the_sum_written_out():
    h, D, d, U, u = drawn(5), drawn(3, 5), drawn(3), drawn(5, 3, seed=1), drawn(5, seed=1)
    result = chapter["bottleneck"](h, D, d, U, u)
    pressed = [float(d[m] + sum(D[m, j] * h[j] for j in range(5))) for m in range(3)]
    bent = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in pressed]
    for i in range(5):
        expected = float(h[i] + u[i]) + sum(float(U[i, m]) * bent[m] for m in range(3))
        assert math.isclose(float(result[i]), expected, abs_tol=1e-5)


@pytest.mark.formula(4, "chapter:with_prefix")
def test_with_prefix_is_a_weighted_mean_over_prefix_and_text():
    q, K, V, PK, PV = (drawn(n, 4, seed=n + 7 * i) for i, n in enumerate((3, 3, 3, 2, 2)))
    result = chapter["with_prefix"](q, K, V, PK, PV)
    for t in range(3):
        pairs = [*zip(PK, PV, strict=True), *zip(K, V, strict=True)]
        weights = [math.exp(float(q[t] @ key) / 2) for key, _ in pairs]
        mean = sum(w * value for w, (_, value) in zip(weights, pairs, strict=True))
        torch.testing.assert_close(result[t], mean / sum(weights))


@pytest.mark.formula(5, "chapter:triplets")
def test_triplets_is_the_sum_written_out_and_kept_takes_the_best():
    s_P, s_L, s_Q = drawn(6, 3).abs(), drawn(3).abs(), drawn(3, 5).abs()
    result = chapter["triplets"](s_P, s_L, s_Q)
    for i in range(3):
        column = sum(float(s_P[j, i]) for j in range(6)) / 6
        row = sum(float(s_Q[i, j]) for j in range(5)) / 5
        assert math.isclose(float(result[i]), float(s_L[i]) + column + row, rel_tol=1e-5)
    alive = chapter["kept"](torch.tensor([[3.0, 1, 2], [9, 0, 5]]), 3)
    assert alive.tolist() == [[True, False, False], [True, False, True]]
