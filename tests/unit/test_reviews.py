"""The film reviews: fixed, clean, and without leaks from test into train."""

import hashlib
import re
from itertools import combinations

import numpy as np
import pytest
from datasets import Dataset, DatasetDict
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from lmcourse.data.catalogue import REVIEWS
from lmcourse.data.reviews import load_reviews
from lmcourse.text.characters import ALPHABET


@pytest.fixture(scope="module")
def everything():
    return load_reviews("text")


def test_every_sentence_of_the_source_is_in_exactly_one_split(everything):
    assert {split: len(rows) for split, rows in everything.items()} == {
        "train": 7_605,
        "validation": 1_000,
        "test": 2_000,
    }
    scores = np.concatenate([everything[split]["score"] for split in everything])
    assert len(scores) == 10_605  # counted in the source's own description
    assert np.abs(scores).max() <= 4


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "5e64cb52cfe759098e84fdffc010b041a33ce24c88884a62c4770b9e72cd777c"),
        ("validation", "15c22c36f8261eebb8d552d7c9d0096a8dd2fe2f80565f04162f14ef87571683"),
        ("test", "3f86db91f65fe246d1376df391ac5c16437d30fc0cc79b4832c237d03f964682"),
    ],
)
def test_the_sentences_of_a_split_and_their_order_are_pinned(everything, split, digest):
    text = "\n".join(everything[split]["text"])
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_no_near_duplicate_crosses_the_splits(everything):
    """Brute force over all pairs, by the overlap of their sets of words instead of shared runs.

    Read by eye, the handful of pairs between one half and 0.7 are stock phrases about different
    films ("A strong piece of work", "A tremendous piece of work"), not copies.
    """
    texts = [text for split in everything for text in everything[split]["text"]]
    split_of = np.repeat(np.arange(3), [len(everything[split]) for split in everything])
    words = CountVectorizer(binary=True, token_pattern=r"[A-Za-z0-9']+")
    found: csr_matrix = words.fit_transform(texts).astype(np.float32)
    size = np.asarray(found.sum(axis=1)).ravel()
    for start in range(0, len(texts), 500):
        block = slice(start, start + 500)
        shared = (found[block] @ found.T).toarray()
        jaccard = shared / (size[block, None] + size[None] - shared)
        long_enough = (size[block, None] >= 5) & (size[None] >= 5)
        across = split_of[block, None] != split_of[None]
        rows, columns = np.nonzero((jaccard > 0.7) & long_enough & across)
        pairs = [(texts[start + i], texts[j]) for i, j in zip(rows, columns, strict=True)]
        assert not pairs, pairs[:3]


def test_no_sentence_is_in_two_splits_whatever_its_case_and_punctuation(everything):
    bare = {
        split: {re.sub(r"\W+", " ", text.lower()).strip() for text in everything[split]["text"]}
        for split in everything
    }
    for a, b in combinations(bare.values(), 2):
        assert not a & b


def test_texts_are_printable_ascii_on_one_line(everything):
    for split in everything:
        for text in everything[split]["text"]:
            assert text == text.strip() != ""
            assert set(text) <= set(ALPHABET[1:])
            assert "&amp;" not in text


def test_labels_follow_the_score_and_tasks_share_the_split(everything):
    binary, three, score = (load_reviews(task) for task in ("binary", "three", "score"))
    for split in everything:
        assert three[split]["text"] == score[split]["text"] == everything[split]["text"]
        assert list(score[split]["label"]) == list(score[split]["score"])
        for row in binary[split]:
            assert row["label"] == (row["score"] > 0)
            assert abs(row["score"]) >= 0.5
        for row in three[split]:
            assert row["label"] == (row["score"] > -0.5) + (row["score"] >= 0.5)
        neutral = [abs(s) < 0.5 for s in three[split]["score"]]
        assert len(binary[split]) == len(neutral) - sum(neutral)


def test_an_unknown_task_lists_the_choices():
    with pytest.raises(ValueError, match="binary, three, score, text"):
        load_reviews("stars")


def test_the_hub_serves_the_binary_task_with_the_pinned_imdb(monkeypatch):
    asked = []

    def load_dataset(name, revision):
        asked.append((name, revision))
        rows = Dataset.from_dict({"text": list("abcdefghij") * 4, "label": [0, 1] * 20})
        return DatasetDict(train=rows.class_encode_column("label"), test=rows)

    packaged = load_reviews("three")["test"]["text"][:]
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    splits = load_reviews()
    assert asked == [(REVIEWS.hub.repository, REVIEWS.hub.revision)]
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 36,
        "validation": 4,
        "test": 40,
    }
    assert set(splits["train"]["score"]) == {-4.0, 4.0}
    assert load_reviews("three")["test"]["text"][:] == packaged
    assert len(asked) == 1


def test_an_unreachable_hub_falls_back_and_says_so(monkeypatch, capsys):
    def load_dataset(name, revision):
        raise ConnectionError("no route")

    packaged = load_reviews()["test"]["text"][:]
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    assert load_reviews()["test"]["text"][:] == packaged
    assert "stanfordnlp/imdb (ConnectionError)" in capsys.readouterr().out
