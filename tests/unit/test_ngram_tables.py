"""Walking through tables against looking codes up, with tables of every size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models import ngram_tables
from lmcourse.models.interpolation import probabilities
from lmcourse.models.ngram import NGram
from lmcourse.models.ngram_counts import encode

V = 3
IDS = st.lists(st.integers(0, V - 1), max_size=7)  # boundaries at odd places, and open ends too
SMOOTHING = st.sampled_from(["witten_bell", "kneser_ney", "absolute_discounting", "jelinek_mercer"])


@settings(deadline=None, max_examples=300)
@given(
    st.lists(IDS.map(lambda ids: [0, *ids])),
    st.lists(IDS),
    st.integers(1, 5),
    SMOOTHING,
    st.sampled_from([0, 9, 30, 999]),
)
def test_the_walk_finds_what_codes_find(
    train: list[list[int]], test: list[list[int]], order: int, smoothing: str, cells: int
) -> None:
    model = NGram(order, V, smoothing).fit(train)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngram_tables, "CELLS", cells)
        made = ngram_tables.tables(model.levels, V)
    fits = [table.all_p is not None for table in made]
    assert fits == sorted(fits, reverse=True)  # whole tables come first
    p, of_row = ngram_tables.score(made, test, V)
    codes, expected_rows = encode(test, order, V)
    np.testing.assert_array_equal(of_row, expected_rows)
    np.testing.assert_allclose(p, probabilities(model.levels, codes, V), rtol=1e-12)


@pytest.mark.parametrize("wrong", [-1, 3])
def test_refused_ids(wrong: int) -> None:
    model = NGram(2, V).fit([[0, 1, 0]])
    with pytest.raises(ValueError, match=f"id {wrong} is outside the vocabulary of 3"):
        model.nll([[0, 1], [0, wrong, 0]])


def test_fitting_again_forgets_the_tables() -> None:
    model, rows = NGram(2, V), [[0, 1, 2, 0]]
    before = model.fit([[0, 2, 2, 0]]).nll(rows)
    after = model.fit([[0, 1, 2, 0]]).nll(rows)
    assert after < before
    np.testing.assert_allclose(after, NGram(2, V).fit([[0, 1, 2, 0]]).nll(rows))
