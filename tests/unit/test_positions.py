"""Rotary positions against complex multiplication, and their relative property."""

import pytest
import torch

from lmcourse.models.positions import rotate


def _by_complex_numbers(x: torch.Tensor, start: int, base: float) -> torch.Tensor:
    """Each pair as one complex number, times e^(i · angle)."""
    T, d = x.shape[-2:]
    rows = []
    for t in range(T):
        angles = [(start + t) / base ** (2 * i / d) for i in range(d // 2)]
        turns = torch.polar(torch.ones(d // 2, dtype=x.dtype), torch.tensor(angles, dtype=x.dtype))
        pairs = torch.complex(x[..., t, : d // 2], x[..., t, d // 2 :]) * turns
        rows.append(torch.cat([pairs.real, pairs.imag], dim=-1))
    return torch.stack(rows, dim=-2)


@pytest.mark.parametrize(("start", "base"), [(0, 10_000.0), (7, 100.0)])
def test_turning_is_multiplication_by_a_complex_number(start: int, base: float) -> None:
    x = torch.randn(2, 3, 5, 8, dtype=torch.float64)
    torch.testing.assert_close(rotate(x, start, base), _by_complex_numbers(x, start, base))


def test_dot_products_depend_on_the_distance_alone() -> None:
    query, key = torch.randn(2, 1, 16, dtype=torch.float64)
    near = rotate(query, 9) @ rotate(key, 4).T
    for shift in (1, 50, 1000):
        far = rotate(query, 9 + shift) @ rotate(key, 4 + shift).T
        assert abs(near - far).item() < 1e-10
    assert abs(near - rotate(query, 10) @ rotate(key, 4).T).item() > 1e-3


def test_low_precision_goes_through_fp32() -> None:
    x = torch.randn(1, 4, 8)
    turned = rotate(x.bfloat16(), 1000)
    assert turned.dtype == torch.bfloat16
    assert (turned.float() - rotate(x.bfloat16().float(), 1000)).abs().max() < 0.02


@pytest.mark.parametrize(
    ("width", "options", "message"),
    [(3, {}, "odd width"), (4, {"start": -1}, "start"), (4, {"base": 0.0}, "base")],
)
def test_bad_input_is_named(width: int, options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rotate(torch.zeros(2, width), **options)  # type: ignore[arg-type]
