"""Byte pairs: the merges of a slow count, merges and ids of `tokenizers`, a round trip for all."""

import importlib
import json
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from lmcourse.data.reviews import load_reviews
from lmcourse.text import byte_pairs
from lmcourse.text.byte_pairs import BYTES, WORDS, BytePairTokenizer, learn_merges

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
peer = importlib.import_module("tokenization").peer  # `tokenizers`, set up as we are

TEXTS = ["low lower lowest", "new newer newest, isn't it?", "wide  wider\nwidest", "更多 more"]
# Few letters, so that pairs tie and overlap; the last has signs of every kind.
ALPHABETS = [
    "a",
    "ab",
    " abc",
    "ab'\n é",
    "s'tred ve",
    "电影 是a\t\r\n\x0b\x1c\x85\xa0\u3000²½٣🙂\u200d",
]
texts = st.sampled_from(ALPHABETS).flatmap(
    lambda alphabet: st.lists(st.text(alphabet, max_size=30), max_size=12)
)
anything = st.text(st.characters(exclude_categories=["Cs", "Cn"]))


def slow_merges(texts, n_merges):
    """Count all pairs anew for every merge."""
    words = [[bytes([b]) for b in w.encode()] for text in texts for w in WORDS.findall(text)]
    order = [bytes([byte]) for byte in BYTES]
    merges = []
    while len(merges) < n_merges:
        counts = Counter(pair for word in words for pair in pairwise(word))
        if not counts:
            break
        best = min(counts, key=lambda p: (-counts[p], order.index(p[0]), order.index(p[1])))
        merges.append(best)
        order.append(best[0] + best[1])
        words = [joined(word, best) for word in words]
    return merges


def joined(word, pair):
    """`word` with each `pair`, from left to right, as one token."""
    found, i = [], 0
    while i < len(word):
        both = tuple(word[i : i + 2]) == pair
        found.append(b"".join(word[i : i + 1 + both]))
        i += 1 + both
    return found


def peer_merges(tokenizer):
    """The merges of `tokenizers`, as bytes."""
    model = json.loads(tokenizer.to_str())["model"]
    byte_of = {symbol: BYTES[i - 1] for symbol, i in model["vocab"].items() if 1 <= i <= 256}
    return [tuple(bytes(byte_of[c] for c in part) for part in pair) for pair in model["merges"]]


@given(texts, st.integers(0, 40))
def test_merges_are_those_of_counting_anew_each_time(texts, n_merges):
    assert learn_merges(texts, n_merges) == slow_merges(texts, n_merges)


@given(texts, st.integers(0, 40), st.sampled_from(ALPHABETS).flatmap(st.text))
def test_merges_and_ids_are_those_of_tokenizers(texts, n_merges, other):
    reference, merges = peer(texts, n_merges), learn_merges(texts, n_merges)
    assert merges == peer_merges(reference)
    ours = BytePairTokenizer(merges)
    assert ours.vocab_size == reference.get_vocab_size()
    for text in [*texts, other]:
        assert ours.encode(text) == [0, *reference.encode(text).ids, 0]


def test_4000_merges_on_the_reviews_are_those_of_tokenizers():
    reviews = load_reviews("text")
    train, test = list(reviews["train"]["text"]), list(reviews["test"]["text"])
    reference, merges = peer(train, 4000), learn_merges(train, 4000)
    assert len(merges) == 4000
    assert merges == peer_merges(reference)
    ours = BytePairTokenizer(merges)
    expected = [[0, *found.ids, 0] for found in reference.encode_batch(train + test)]
    assert [ours.encode(text) for text in train + test] == expected


@given(anything)
@settings(max_examples=300)
def test_words_are_those_of_tokenizers_and_together_the_text(text):
    words = WORDS.findall(text)
    assert "".join(words) == text
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    assert [len(word.encode()) for word in words] == [len(symbols) for symbols, _ in cut]


@pytest.fixture(scope="module")
def tokenizer():
    return BytePairTokenizer(learn_merges(TEXTS, 60))


@given(text=anything)
@settings(max_examples=300)
def test_decode_undoes_encode(tokenizer, text):
    ids = tokenizer.encode(text)
    assert ids[0] == ids[-1] == 0
    assert 0 not in ids[1:-1]
    assert tokenizer.decode(ids) == text
    assert b"".join(tokenizer.tokens[i] for i in ids[1:-1]) == text.encode()


@pytest.mark.parametrize(
    "text", ["", " ", "  \n\n ", "\0\x7f\x85", "电影很好看。", "👩‍👩‍👧🇨🇳é", "a" * 5000, "\n low \n"]
)
def test_decode_undoes_encode_of(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_ids_are_the_boundary_the_bytes_and_the_merges():
    bare = BytePairTokenizer([])
    assert bare.vocab_size == 257
    assert bare.encode("") == [0, 0]
    assert bare.encode("!~ ") == [0, 1, 94, 221, 0]
    assert sorted(bare.tokens[1:]) == [bytes([byte]) for byte in range(256)]
    one = BytePairTokenizer([(b"l", b"o"), (b"lo", b"w")])
    assert one.encode("lowlo") == [0, 258, 257, 0]
    assert one.decode([0, 258, 0, 257, 0, 0]) == "low\nlo"


def test_the_merge_learned_first_is_done_first_and_from_the_left():
    tokenizer = BytePairTokenizer([(b"b", b"c"), (b"a", b"b"), (b"a", b"a")])
    cut = [tokenizer.tokens[i] for i in tokenizer.encode("abcaaa")[1:-1]]
    assert cut == [b"a", b"bc", b"aa", b"a"]


def test_half_a_character_becomes_a_sign_and_halves_meet():
    tokenizer = BytePairTokenizer([])
    ids = tokenizer.encode("é")
    assert tokenizer.decode(ids) == "é"
    assert tokenizer.decode(ids[:2]) == "�"


@pytest.mark.parametrize("texts", [[], [""], ["a", " "], ["", "b"]])
def test_text_without_pairs_gives_no_merges(texts):
    assert learn_merges(texts, 10) == []


def test_forgetting_words_changes_nothing(monkeypatch):
    tokenizer = BytePairTokenizer(learn_merges(TEXTS, 60))
    expected = [tokenizer.encode(text) for text in TEXTS]
    monkeypatch.setattr(byte_pairs, "KEPT", 2)
    forgetful = BytePairTokenizer(tokenizer.merges)
    assert [forgetful.encode(text) for text in TEXTS] == expected


def test_refusals(tokenizer):
    with pytest.raises(TypeError, match="texts is one string"):
        learn_merges("low", 3)
    with pytest.raises(ValueError, match="n_merges must be at least 0, got -1"):
        learn_merges(["low"], -1)
    for read in (tokenizer.encode, lambda text: learn_merges([text], 1)):
        with pytest.raises(ValueError, match=r"text: '\\ud83d' is a lone surrogate"):
            read("low \ud83d")
    for wrong in (-1, tokenizer.vocab_size):
        with pytest.raises(ValueError, match=f"ids: {wrong} is outside the vocabulary"):
            tokenizer.decode([0, wrong])
    with pytest.raises(ValueError, match="merges: number 1 joins b'low', not a token so far"):
        BytePairTokenizer([(b"l", b"o"), (b"low", b"e")])
    with pytest.raises(ValueError, match="merges: number 1 makes b'lo' once more"):
        BytePairTokenizer([(b"l", b"o")] * 2)
