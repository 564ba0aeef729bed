"""The UI strings: pinned, plain, and nothing of validation or test stands in training."""

import hashlib
import re
from itertools import combinations

import pytest

from lmcourse.data.ui_strings import CARD, LONGEST, SIZES, groups, load_ui_strings, read_pairs


@pytest.fixture(scope="module")
def splits():
    return load_ui_strings()


def words(english):
    """Words of two letters or more, without placeholders, written anew."""
    bare = re.sub(r"%\d|%[sd]\b|\$?\{[^{}]*\}|<[^<>]*>|_", " ", english.replace("&", ""))
    return [word for word in re.findall(r"\w+", bare.lower()) if len(word) > 1]


def han(chinese):
    return "".join(re.findall("[\u4e00-\u9fff]", chinese))


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "cfd58a1ef14201beb62f26758c7cdfda81cc07bfe1e6473aef45b50ab7b7344d"),
        ("validation", "73ee9b6d024b4bb52212cb7f342f0d1cfd3253a4f8f587af156ff618ee353eab"),
        ("test", "f5e8e797d11ff8aec67ba07076b4717772dc9b3e8760cbed111ba0afd3e6d17a"),
    ],
)
def test_the_pairs_of_a_split_and_their_order_are_pinned(splits, split, digest):
    text = "\n".join(f"{row['english']}\t{row['chinese']}" for row in splits[split])
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_texts_are_one_short_line_and_chinese(splits):
    assert {name: len(splits[name]) for name in SIZES} == SIZES
    assert len(splits["train"]) == 2_032
    for split in splits:
        for row in splits[split]:
            for text in row.values():
                assert text == " ".join(text.split()) != ""
                assert "..." not in text
            assert len(row["english"]) <= LONGEST
            assert han(row["chinese"])
    assert str(LONGEST) in CARD


def test_the_source_repeats_itself(splits):
    pairs = read_pairs()
    assert len(pairs) > len({*pairs}) > sum(map(len, splits.values()))
    assert ("File Browser", "文件浏览器") in pairs


def test_no_english_stands_on_two_sides_but_for_case_punctuation_and_placeholders(splits):
    sides = [{" ".join(words(t)) or t for t in splits[split]["english"]} for split in splits]
    for a, b in combinations(sides, 2):
        assert not a & b


def test_no_chinese_without_latin_letters_stands_on_two_sides(splits):
    plain = [
        [t for t in splits[split]["chinese"] if not re.search(r"\w", t, re.A)] for split in splits
    ]
    assert min(map(len, plain)) > 150
    for a, b in combinations([{*map(han, side)} for side in plain], 2):
        assert not a & b


def test_no_five_words_in_a_row_stand_on_two_sides(splits):
    runs = []
    for split in splits:
        texts = [words(row["english"]) for row in splits[split]]
        runs.append({tuple(t[i : i + 5]) for t in texts for i in range(len(t) - 4)})
    for a, b in combinations(runs, 2):
        assert not a & b


def test_few_test_strings_share_four_words_of_five_with_a_training_string(splits):
    """Relatives that remain: "Settings for the Dask (Dashboard) plugin."."""
    train = [{*words(text)} for text in splits["train"]["english"]]
    close = [
        text
        for text in splits["test"]["english"]
        if len(own := {*words(text)}) >= 4
        and any(len(own & other) > 0.8 * len(own | other) for other in train)
    ]
    assert len(close) <= 8, close


def test_groups_join_what_is_alike_on_either_side():
    pairs = [
        ("Close All Tabs", "关闭所有标签页"),
        ("&Close all tabs…", "关闭全部标签页"),
        ("Shut all tabs", "关闭所有标签页！"),
        ("Close '%1' all tabs", "关闭“%1”的所有标签页"),
        ("Save", "保存"),
    ]
    numbers = groups(pairs)
    assert len({*numbers[:4]}) == 1
    assert numbers[4] != numbers[0]
