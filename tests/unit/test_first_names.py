"""The first names: fixed, distinct, weighted."""

import re
from collections import Counter

import pytest

from lmcourse.data.first_names import load_names


def test_names_are_distinct_lower_case_and_weighted():
    splits = load_names()
    names = [name for split in splits for name in splits[split]["name"]]
    assert all(re.fullmatch("[a-z]+", name) for name in names)
    assert max(Counter(names).values()) == 1
    shares = {split: len(splits[split]) / len(names) for split in splits}
    assert shares == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=1e-3)
    total = sum(sum(splits[split]["frequency"]) for split in splits)
    assert 85 < total < 95  # the census lists cover about nine tenths of the people
