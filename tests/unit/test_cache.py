"""Reading with a cache against reading everything at once."""

import pytest
import torch

from lmcourse.models.cache import Cache
from lmcourse.models.llama import Llama, LlamaConfig


def fresh() -> Llama:
    torch.manual_seed(0)
    return Llama(LlamaConfig(17, 12, 2, 4, 2, 16, 24)).double().eval()


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(17, (3, 9), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("pieces", [[9], [1] * 9, [4, 5], [3, 1, 5], [8, 1]])
def test_the_cache_changes_nothing(ids: torch.Tensor, pieces: list[int]) -> None:
    model, cache = fresh(), Cache(12)
    with torch.no_grad():
        got = torch.cat([model(part, cache) for part in ids.split(pieces, dim=1)], dim=1)
        torch.testing.assert_close(got, model(ids), rtol=0, atol=1e-6)
    assert cache.length == 9


def test_a_cut_cache_goes_on_as_if_the_rest_had_never_been(ids: torch.Tensor) -> None:
    model, cache = fresh(), Cache(12)
    with torch.no_grad():
        model(ids.flip(1), cache)
        cache.cut(0)
        model(ids[:, :5], cache)
        model(ids[:, :4], cache)
        cache.cut(5)
        got = model(ids[:, 5:], cache)
        torch.testing.assert_close(got, model(ids)[:, 5:], rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="cannot cut 9 positions to 10"):
        cache.cut(10)


def test_selected_rows_go_on_alone(ids: torch.Tensor) -> None:
    model, cache, rows = fresh(), Cache(12), torch.tensor([2, 0, 2, 1])
    with torch.no_grad():
        model(ids[:, :6], cache)
        cache.select(rows)
        got = model(ids[rows, 6:], cache)
        torch.testing.assert_close(got, model(ids)[rows, 6:], rtol=0, atol=1e-6)


def test_a_cache_says_what_does_not_fit(ids: torch.Tensor) -> None:
    model, cache = fresh(), Cache(10)
    with torch.no_grad():
        model(ids, cache)
        with pytest.raises(ValueError, match="has 10 positions, 11 are needed"):
            model(ids[:, :2], cache)
        assert cache.length == 9  # a refused call leaves it as it was
        with pytest.raises(ValueError, match="holds 3 rows, 2 were given"):
            model(ids[:2, :1], cache)
    with pytest.raises(ValueError, match="at least 1"):
        Cache(0)
