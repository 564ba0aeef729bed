"""Formulas of background/tokenization against brute force, a written file and the package."""

from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmcourse.text.byte_pairs import BYTES, WORDS, BytePairTokenizer, learn_merges
from lmcourse.text.pieces import SPECIAL, word_pieces
from tests.chapter import functions

chapter = functions("background/tokenization")
ALPHABET = [bytes([byte]) for byte in BYTES]
texts = st.lists(st.text("ab é", max_size=25), min_size=1, max_size=8)


def counted(texts):
    times = Counter(word for text in texts for word in WORDS.findall(text))
    return {chapter["as_bytes"](word): n for word, n in times.items()}


@pytest.mark.formula(1, "chapter:count_pairs")
@given(texts)
def test_pairs_are_counted_place_by_place(texts):
    by_hand = Counter()
    for text in texts:
        for word in WORDS.findall(text):  # each occurrence, not each distinct word
            code = word.encode()
            by_hand.update((code[i : i + 1], code[i + 1 : i + 2]) for i in range(len(code) - 1))
    assert chapter["count_pairs"](counted(texts)) == by_hand


@given(texts, st.text("ab é", max_size=25))
def test_the_chapters_learner_and_cut_are_the_packages(texts, other):
    merges = learn_merges(texts, 6)
    assert chapter["learn"](counted(texts), ALPHABET, len(merges)) == merges
    tokenizer = BytePairTokenizer(merges)
    cut = [
        token
        for word in WORDS.findall(other)
        for token in chapter["cut"](chapter["as_bytes"](word), merges)
    ]
    assert cut == [tokenizer.tokens[i] for i in tokenizer.encode(other)[1:-1]]


@pytest.mark.formula(2, "chapter:file_bits")
@pytest.mark.parametrize("k", [9, 10])
def test_a_file_of_that_size_gives_the_text_back(k):
    texts = ["tea team steam meat", "电影, tea!"] * 40
    merges = learn_merges(texts, 2**k - 257)
    ids = [i for text in texts for i in BytePairTokenizer(merges).encode(text)[1:]]
    known = {token: i for i, token in enumerate(BytePairTokenizer(merges).tokens) if i}
    known[b"\n"] = 1 + BYTES.index(b"\n")
    numbers = [known[part] for merge in merges for part in merge] + ids
    bits = ((np.array(numbers)[:, None] >> np.arange(k)) & 1).ravel()  # the file
    assert len(bits) == chapter["file_bits"](len(ids), len(merges), k)
    read = (bits.reshape(-1, k) << np.arange(k)).sum(axis=1).tolist()
    tokens = BytePairTokenizer([]).tokens
    for left, right in zip(*[iter(read[: 2 * len(merges)])] * 2, strict=True):
        tokens.append(tokens[left] + tokens[right])
    text = b"".join(tokens[i] for i in read[2 * len(merges) :]).decode()
    assert text == "".join(text + "\n" for text in texts)


@pytest.mark.formula(3, "chapter:fewest")
@given(st.text("abc", max_size=8), st.sets(st.text("abc", min_size=2, max_size=4)))
def test_fewest_is_the_best_of_all_ways_to_cut(word, longer):
    vocabulary = {*"abc"} | longer
    ways = [
        len(cuts) + 1
        for n in range(len(word))
        for cuts in combinations(range(1, len(word)), n)
        if all(word[a:b] in vocabulary for a, b in pairwise([0, *cuts, len(word)]))
    ]
    assert chapter["fewest"](word, vocabulary, 4) == min(ways, default=0)


@pytest.mark.formula(4, "chapter:scores")
@given(texts)
def test_scores_are_the_fractions(texts):
    letters, pairs = Counter(), Counter()
    for text in texts:
        for word in WORDS.findall(text):
            letters.update(chapter["as_bytes"](word))
            pairs.update(pairwise(chapter["as_bytes"](word)))
    expected = {p: Fraction(n, letters[p[0]] * letters[p[1]]) for p, n in pairs.items()}
    assert chapter["scores"](counted(texts)) == pytest.approx(expected)


@given(st.text("abc", min_size=1, max_size=9), st.sets(st.text("abc", min_size=1, max_size=3)))
def test_longest_match_is_that_of_tokenizers(word, found):
    pieces = [*SPECIAL, *sorted(found | {f"##{piece}" for piece in found})]
    reference = word_pieces(pieces)
    assert chapter["longest_match"](word, {*pieces}) == reference.encode(word).tokens
