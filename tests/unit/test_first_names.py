"""The first names: fixed, distinct, weighted."""

import hashlib
import re
from collections import Counter

import pytest

from lmcourse.data.first_names import load_names


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "09d1eddcc1a281ebeedd736bafbbdab9a7a7fac68df2dd485f444f9ac906954f"),
        ("validation", "981dd278d50731a5371ef10907f08b7d771499c91bbaa44ce6041dc2c2a89206"),
        ("test", "86c61e31472f583e079c0f6fa2c9150206cd9b277e1dd973a3bc6773ce9a0234"),
    ],
)
def test_the_names_of_a_split_and_their_order_are_pinned(split, digest):
    text = "\n".join(load_names()[split]["name"])
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_names_are_distinct_lower_case_and_weighted():
    splits = load_names()
    names = [name for split in splits for name in splits[split]["name"]]
    assert all(re.fullmatch("[a-z]+", name) for name in names)
    assert max(Counter(names).values()) == 1
    shares = {split: len(splits[split]) / len(names) for split in splits}
    assert shares == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=1e-3)
    total = sum(sum(splits[split]["frequency"]) for split in splits)
    assert 85 < total < 95  # the census lists cover about nine tenths of the people
