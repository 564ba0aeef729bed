"""Formulas of transformer/positions by loops over single numbers, and what bad input does."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models import positions as library
from lmcourse.models.attention import scaled_dot_product_attention
from tests.chapter import functions

chapter = functions("transformer/positions")
SEED, PLACE = st.integers(0, 99), st.integers(0, 500)


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.formula(1, "chapter:attend")
def test_every_order_of_four_words_gives_the_outputs_in_that_order():
    x = normal(4, 3)
    theirs, _ = scaled_dot_product_attention(x * math.sqrt(3), x, x)
    torch.testing.assert_close(chapter["attend"](x), theirs)
    for order in itertools.permutations(range(4)):
        P = torch.eye(4, dtype=x.dtype)[list(order)]
        torch.testing.assert_close(chapter["attend"](P @ x), P @ chapter["attend"](x))


@pytest.mark.formula(2, "chapter:sinusoids")
@pytest.mark.parametrize("width", [2, 6, 128])
def test_sinusoids_number_by_number(width):
    places = torch.tensor([0, 1, 7, 300])
    found = chapter["sinusoids"](places, width)
    for row, t in zip(found.tolist(), places.tolist(), strict=True):
        for i in range(width // 2):
            speed = 1 / 10_000 ** (2 * i / width)
            assert row[2 * i] == pytest.approx(math.sin(t * speed), abs=1e-12)
            assert row[2 * i + 1] == pytest.approx(math.cos(t * speed), abs=1e-12)


@given(PLACE, PLACE, st.integers(0, 500))
def test_products_of_sinusoids_keep_to_the_distance(t, s, further):
    p = chapter["sinusoids"](torch.tensor([t, s, t + further, s + further]), 16)
    assert (p[0] @ p[1]).item() == pytest.approx((p[2] @ p[3]).item(), abs=1e-10)


@pytest.mark.formula(3, "chapter:turn")
@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9))
def test_a_turn_is_a_product_of_complex_numbers(a, b, angle):
    turned = complex(a, b) * complex(math.cos(angle), math.sin(angle))
    assert chapter["turn"](a, b, angle) == pytest.approx((turned.real, turned.imag))


@pytest.mark.formula(4, "chapter:rotate")
@settings(deadline=None)
@given(st.sampled_from([2, 8, 32]), PLACE, PLACE, SEED)
def test_turned_products_keep_to_the_distance(d, t, s, seed):
    query, key = normal(1, d, seed=seed), normal(1, d, seed=seed + 1)
    rotate, turn = chapter["rotate"], chapter["turn"]
    score = (rotate(query, t) * rotate(key, s)).sum().item()
    expected = 0.0
    for i in range(d // 2):
        angle = (s - t) * 10_000 ** (-2 * i / d)
        a, b = turn(key[0, i].item(), key[0, i + d // 2].item(), angle)
        expected += query[0, i].item() * a + query[0, i + d // 2].item() * b
    assert score == pytest.approx(expected, abs=1e-10)
    far = (rotate(query, t + 1000) * rotate(key, s + 1000)).sum().item()
    assert score == pytest.approx(far, abs=1e-10)


@given(st.sampled_from([2, 4, 8]), st.integers(1, 5), PLACE)
def test_rotate_equals_the_package(d, T, start):
    x = normal(3, T, d)
    torch.testing.assert_close(chapter["rotate"](x, start), library.rotate(x, start))
    single = x.float()
    torch.testing.assert_close(chapter["rotate"](single, start), library.rotate(single, start))


@pytest.mark.formula(5, "chapter:Attention")
@pytest.mark.parametrize("n_heads", [1, 2, 4])
def test_alibi_scores_number_by_number(n_heads):
    """The module's output against weights from the formula, entry by entry."""
    torch.manual_seed(0)
    layer = chapter["Attention"](8, n_heads, "ALiBi").double()
    x, T, d = normal(1, 5, 8), 5, 8 // n_heads
    query, key, value = layer.qkv(x)[0].detach().split(8, dim=-1)
    rows = []
    for t in range(T):
        heads = []
        for h in range(n_heads):
            mine = slice(h * d, (h + 1) * d)
            slope = 2 ** (-8 * (h + 1) / n_heads)
            parts = [
                math.exp((query[t, mine] @ key[s, mine]).item() / math.sqrt(d) - slope * (t - s))
                for s in range(t + 1)
            ]
            heads.append(sum(w * value[s, mine] for s, w in enumerate(parts)) / sum(parts))
        rows.append(torch.cat(heads))
    expected = layer.mix(torch.stack(rows))
    torch.testing.assert_close(layer(x)[0], expected, atol=1e-6, rtol=1e-6)


def test_learned_positions_are_a_product_with_one_hot_rows():
    torch.manual_seed(0)
    model = chapter["Reader"]("learned", 10, places=7)
    one_hot = torch.eye(7)[2:6]
    vectors = model.places(torch.arange(2, 6))
    torch.testing.assert_close(vectors, one_hot @ model.places.table.weight)


@pytest.mark.parametrize("way", ["none", "learned", "sinusoidal", "rotary", "ALiBi"])
def test_no_reader_sees_the_future(way):
    torch.manual_seed(0)
    model = chapter["Reader"](way, 10).double()
    ids = torch.arange(8)[None] % 10
    changed = ids.clone()
    changed[0, 5:] = 9
    logits, after = model(ids), model(changed)
    torch.testing.assert_close(logits[:, :5], after[:, :5])
    assert not torch.allclose(logits[:, 5:], after[:, 5:])


def test_odd_widths_and_places_beyond_the_table_are_refused():
    with pytest.raises(ValueError, match="3 is odd"):
        chapter["rotate"](torch.zeros(2, 3))
    with pytest.raises(ValueError, match="5 is odd"):
        chapter["sinusoids"](torch.arange(2), 5)
    with pytest.raises(ValueError, match="odd"):
        chapter["Reader"]("rotary", 10, n_heads=4, C=12)(torch.zeros(1, 2, dtype=torch.long))
    model = chapter["Reader"]("learned", 10, places=4)
    assert model(torch.zeros(1, 4, dtype=torch.long)).shape == (1, 4, 10)
    with pytest.raises(ValueError, match="place 4"):
        model(torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(ValueError, match="place 4"):
        model(torch.zeros(1, 1, dtype=torch.long), start=4)


def test_pieces_score_every_place_once_and_moved_ones_at_their_true_places():
    """A stand-in whose surprise says which start and which place it was asked at."""

    class Told(torch.nn.Module):
        def forward(self, ids, start=0):
            logits = torch.zeros(*ids.shape, 300)
            place = start + torch.arange(ids.shape[1])
            right = torch.roll(ids, -1, 1) * 0  # every target is 0
            return logits.scatter(
                2, right[..., None], -place[None, :, None].expand_as(right[..., None]).float()
            )

    rows = torch.zeros(2, chapter["LONG"] + 1, dtype=torch.long)
    found = chapter["readings"](Told(), rows)
    assert all(len(curve) == chapter["LONG"] for curve in found.values())
    torch.testing.assert_close(found["moved"], found["whole"])
    assert (found["in pieces"] <= found["in pieces"][: chapter["TRAINED"]].max()).all()


def test_shuffled_keeps_the_last_letter_and_the_target():
    rows = torch.arange(40).reshape(2, 20)
    mixed = chapter["shuffled"](rows)
    assert torch.equal(mixed[:, -2:], rows[:, -2:])
    assert torch.equal(mixed.sort(dim=1).values, rows)
    assert not torch.equal(mixed, rows)
