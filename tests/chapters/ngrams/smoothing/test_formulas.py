"""Formulas of ngrams/smoothing against fractions, loops over every occurrence, KenLM, lmcourse."""

import io
import math
from collections import Counter
from fractions import Fraction

import kenlm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models import kneser_ney
from lmcourse.models.arpa import tokens, write_arpa
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import CharTokenizer
from tests.chapter import functions

chapter = functions("ngrams/smoothing")
tokenizer = CharTokenizer()
TEXTS = st.lists(st.text("abc", max_size=7).map("\n{}\n".format), min_size=1, max_size=8)
V = chapter["V"]


def rows_of(texts: list[str]) -> list[list[int]]:
    return [tokenizer.encode(text[1:-1]) for text in texts]


@given(TEXTS, st.integers(1, 4))
def test_sequences_are_counted_at_every_place(texts, n):
    expected = Counter()
    for text in texts:
        for start in range(len(text) - n + 1):
            if (start, n) != (0, 1):  # the opening break alone
                expected[text[start : start + n]] += 1
    assert chapter["count"](texts, n) == expected


@pytest.mark.formula(1, "chapter:blend")
@given(
    st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any),
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
    st.integers(1, 7),
)
def test_what_is_kept_and_what_is_freed_make_a_distribution(kept, below, mass):
    shorter = [Fraction(part, sum(below)) for part in below]
    exact = [
        (Fraction(k) + mass * s) / (sum(kept) + mass) for k, s in zip(kept, shorter, strict=True)
    ]
    assert sum(exact) == 1
    found = chapter["blend"](np.array(kept), mass, np.array(shorter, dtype=float))
    np.testing.assert_allclose(found, np.array(exact, dtype=float))


@pytest.mark.formula(2, "chapter:good_turing")
@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30))
def test_good_turing_takes_out_one_occurrence_after_the_other(symbols):
    counts = Counter(symbols)
    for r in (1, 2, 3):
        alike = sum(c == r for c in counts.values())
        left = [Counter(symbols[:i] + symbols[i + 1 :])[s] for i, s in enumerate(symbols)]
        if alike:
            expected = sum(count == r for count in left) / alike
            assert chapter["good_turing"](counts, r) == pytest.approx(expected)


@pytest.mark.formula(3, "chapter:discounts")
@given(st.lists(st.integers(1, 6), max_size=60))
def test_discounts_are_those_of_the_library_and_of_fractions(values):
    found = chapter["discounts"](Counter(dict(enumerate(values))))
    np.testing.assert_allclose(found, kneser_ney.discounts(np.array(values, dtype=int)))
    n = [values.count(r) for r in range(5)]
    if tuple(found) != kneser_ney.FALLBACK:
        y = Fraction(n[1], n[1] + 2 * n[2])
        exact = [r - (r + 1) * y * Fraction(n[r + 1], n[r]) for r in (1, 2, 3)]
        np.testing.assert_allclose(found, np.array(exact, dtype=float))
        assert found[0] == pytest.approx(float(y))


@pytest.mark.formula(4, "chapter:kneser_ney")
@given(TEXTS, st.integers(2, 4))
def test_shorter_contexts_count_the_different_symbols_in_front(texts, order):
    built = chapter["kneser_ney"](texts, order, discounts=lambda counts: [0, 0, 0])
    for n, (kept, total, mass) in enumerate(built, start=1):
        for gram, a in kept.items():
            inside = [t[i - 1] for t in texts for i in range(1, len(t)) if t[i : i + n] == gram]
            plain = sum(t[i : i + n] == gram for t in texts for i in range(len(t)))
            opens = n == order or (n > 1 and gram[0] == "\n")
            assert a == (plain if opens else len({*inside}))
        assert sum(kept.values()) == sum(total.values())
        assert not any(mass.values())


@settings(deadline=None, max_examples=30)
@given(TEXTS, TEXTS, st.integers(1, 4))
def test_the_chapters_model_is_the_librarys_and_sums_to_one(train, test, order):
    ours = chapter["kneser_ney"](train, order)
    library = NGram(order, V, "kneser_ney").fit(rows_of(train))
    for text, row in zip(test, rows_of(test), strict=True):
        bits = chapter["surprises"](ours, text)
        np.testing.assert_allclose(bits, -library.log_probs(row) / math.log(2), atol=1e-9)
    for before in ("\n", "\nab", "\nzz"):
        p = [chapter["predict"](ours, before, symbol) for symbol in tokenizer.alphabet]
        assert sum(p) == pytest.approx(1)
        np.testing.assert_allclose(p, library.next(tokenizer.encode(before[1:])[:-1]), atol=1e-12)


@pytest.mark.formula(5, "chapter:back_off")
@pytest.mark.parametrize("smoothing", ["kneser_ney", "absolute_discounting", "jelinek_mercer"])
def test_the_chapter_reads_arpa_as_kenlm_does(smoothing, tmp_path):
    rows = [tokenizer.encode(text) for text in ("a film", "the film", "the fin", "a fin film")]
    file = io.StringIO()
    write_arpa(NGram(3, V, smoothing).fit(rows), file, tokenizer.alphabet)
    (tmp_path / "model.arpa").write_text(file.getvalue(), encoding="utf8")
    theirs = kenlm.Model(str(tmp_path / "model.arpa"))
    arpa, written = chapter["read_arpa"](file.getvalue().splitlines()), tokens(tokenizer.alphabet)
    for text in ("a film", "the xilm", "", "nif eht"):
        sentence = ["<s>", *(written[i] for i in tokenizer.encode(text)[1:])]
        ours = [
            chapter["back_off"](arpa, tuple(sentence[max(0, end - 3) : end]))
            for end in range(2, len(sentence) + 1)
        ]
        scores = theirs.full_scores(" ".join(sentence[1:-1]), bos=True, eos=True)
        np.testing.assert_allclose(ours, [score for score, _, _ in scores], atol=1e-4)


@pytest.mark.parametrize("kept", [0, 1, 5, -1])
def test_a_file_that_is_cut_off_is_refused(kept):
    file = io.StringIO()
    write_arpa(NGram(2, V, "kneser_ney").fit([[0, 5, 0]]), file, tokenizer.alphabet)
    lines = file.getvalue().splitlines()
    with pytest.raises(ValueError, match="cut off"):
        chapter["read_arpa"](lines[:kept])


def test_the_weights_are_where_no_other_is_better():
    random = np.random.default_rng(0)
    own = list(random.dirichlet([1, 1, 3], 200).T[:2])
    known = [np.ones(200, dtype=bool), random.random(200) < 0.7]

    def loss(weights):
        p = np.full(200, 1 / V)
        for weight, own_p, seen in zip(weights, own, known, strict=True):
            p = np.where(seen, weight * own_p + (1 - weight) * p, p)
        return -np.log(p).mean()

    found = chapter["best_weights"](own, known, steps=500)
    axis = np.linspace(0, 1, 101)[:-1]
    best = min(loss((a, b)) for a in axis for b in axis)
    assert loss(found) < best + 1e-4
