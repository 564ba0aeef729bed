"""N-grams as integers, against tuples."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models.ngram_counts import Counts, encode, lookup, within_text

V = 4
ROWS = st.lists(st.lists(st.integers(0, V - 1), max_size=6), max_size=5)


def digits(code: int, n: int) -> tuple[int, ...]:
    return tuple(int(code) // V**place % V for place in range(n - 1, -1, -1))


def grams_of(rows: list[list[int]], n: int) -> list[tuple[int, ...]]:
    padded = [[0] * (n - 1) + row for row in rows]
    return [tuple(row[i - n + 1 : i + 1]) for row in padded for i in range(n, len(row))]


@settings(deadline=None)
@given(ROWS, st.integers(1, 4))
def test_codes_are_the_n_grams_in_order(rows: list[list[int]], n: int) -> None:
    codes, of_row = encode(rows, n, V)
    assert [digits(code, n) for code in codes] == grams_of(rows, n)
    assert of_row.tolist() == [i for i, row in enumerate(rows) for _ in row[1:]]


@settings(deadline=None)
@given(ROWS, st.integers(1, 4))
def test_counts_are_those_of_a_dictionary(rows: list[list[int]], n: int) -> None:
    seen = Counter(grams_of(rows, n))
    counts = Counts.of(encode(rows, n, V)[0], V)
    found = {digits(g, n): c for g, c in zip(counts.grams, counts.gram_counts, strict=True)}
    assert found == seen
    for context, total, types in zip(counts.contexts, counts.totals, counts.types, strict=True):
        after = {g: c for g, c in seen.items() if g[:-1] == digits(context, n - 1)}
        assert (total, types) == (sum(after.values()), len(after))


@settings(deadline=None)
@given(ROWS, st.integers(1, 4))
def test_within_text_is_no_boundary_between_the_ends(rows: list[list[int]], n: int) -> None:
    codes, _ = encode(rows, n, V)
    expected = [0 not in gram[1:-1] for gram in grams_of(rows, n)]
    assert within_text(codes, n, V).tolist() == expected


def test_lookup_finds_what_is_there_and_gives_zero_otherwise() -> None:
    keys, values = np.array([2, 5, 9]), np.array([20, 50, 90])
    assert lookup(keys, values, np.array([9, 1, 2, 6, 99])).tolist() == [90, 0, 20, 0, 0]
    assert lookup(keys[:0], values[:0], np.array([9, 1])).tolist() == [0, 0]


def test_ids_outside_the_vocabulary() -> None:
    with pytest.raises(ValueError, match="id 4 is outside the vocabulary of 4"):
        encode([[0, 1], [4]], 2, V)
