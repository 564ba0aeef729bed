"""The other domains: fixed, without leaks between splits, and what their card says of them."""

import hashlib
import re
from itertools import combinations

import numpy as np
import pytest

from lmcourse.data.domains import CARD, DOMAINS, load_domain
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import near_duplicate_groups
from lmcourse.text.characters import ALPHABET


@pytest.fixture(scope="module", params=DOMAINS)
def domain(request):
    return request.param


@pytest.fixture
def everything(domain):
    return load_domain(domain, "text")


PINNED = {
    "products": (1438, 499, 1500, "b6bbfcd4280251cf"),
    "tweets": (1968, 500, 1500, "462c4531dcc14467"),
    "editorials": (3012, 499, 1500, "2a9effd927d66cd7"),
}


def test_the_sentences_and_their_order_are_pinned(domain, everything):
    *sizes, digest = PINNED[domain]
    assert [len(everything[split]) for split in ("train", "validation", "test")] == sizes
    text = str([list(everything[s]["text"]) + list(everything[s]["score"]) for s in everything])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_no_document_is_in_two_splits(everything):
    for a, b in combinations([set(rows["document"]) for rows in everything.values()], 2):
        assert not a & b


def test_no_sentence_shares_a_run_of_words_with_another(everything):
    texts = [text for rows in everything.values() for text in rows["text"]]
    assert len(set(near_duplicate_groups(texts))) == len(texts)


def test_no_sentence_is_a_film_sentence_whatever_its_case_and_punctuation(everything):
    def bare(texts):
        return {re.sub(r"\W+", " ", text.lower()).strip() for text in texts}

    films = bare(text for rows in load_reviews("text").values() for text in rows["text"])
    assert not films & bare(text for rows in everything.values() for text in rows["text"])


def test_texts_are_printable_ascii_on_one_line(everything):
    for rows in everything.values():
        for text in rows["text"]:
            assert text == text.strip() != ""
            assert set(text) <= set(ALPHABET[1:])
            assert "&amp;" not in text


def test_the_binary_task_keeps_what_is_not_neutral(domain, everything):
    for split, rows in load_domain(domain).items():
        kept = np.abs(everything[split]["score"]) >= 0.5
        texts = np.array(everything[split]["text"], dtype=object)
        assert list(rows["text"]) == list(texts[kept])
        assert list(rows["label"]) == [int(score > 0) for score in rows["score"]]
        assert np.abs(rows["score"]).max() <= 4


def test_the_card_counts_what_the_archive_holds():
    for number in ("3,708", "4,200", "5,190", "300", "498"):
        assert number in CARD


def test_unknown_names_and_tasks_list_the_choices():
    with pytest.raises(ValueError, match="products, tweets, editorials"):
        load_domain("films")
    with pytest.raises(ValueError, match="binary, text"):
        load_domain("tweets", "three")
