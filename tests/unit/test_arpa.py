"""ARPA files as KenLM reads them: what it says of a sentence is what the model says."""

from __future__ import annotations

import io
import math
from pathlib import Path

import kenlm
import numpy as np
import pytest

from lmcourse.data.reviews import load_reviews
from lmcourse.models.arpa import tokens, write_arpa
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import ALPHABET, CharTokenizer

tokenizer = CharTokenizer()
INTERPOLATE = ["kneser_ney", "witten_bell", "absolute_discounting", "jelinek_mercer"]


def exported(model: NGram, folder: Path, alphabet: str = ALPHABET) -> kenlm.Model:
    path = folder / "model.arpa"
    with path.open("w", encoding="utf8") as file:
        write_arpa(model, file, alphabet)
    return kenlm.Model(str(path))


@pytest.mark.parametrize("smoothing", INTERPOLATE)
@pytest.mark.parametrize("order", [2, 3, 5])
def test_kenlm_scores_review_sentences_alike(order: int, smoothing: str, tmp_path: Path) -> None:
    reviews = load_reviews("text")
    rows = [tokenizer.encode(text) for text in reviews["train"]["text"][:600]]
    model = NGram(order, tokenizer.vocab_size, smoothing).fit(rows)
    theirs = exported(model, tmp_path)
    assert theirs.order == order
    written = tokens(ALPHABET)
    unseen = [*reviews["test"]["text"][:40], "", "\\ ~ ^ zzxq", "T"]
    for row in [*rows[:20], *map(tokenizer.encode, unseen)]:
        sentence = " ".join(written[i] for i in row[1:-1])
        scores = list(theirs.full_scores(sentence, bos=True, eos=True))
        assert not any(unknown for _, _, unknown in scores)
        log10 = model.log_probs(row) / math.log(10)
        np.testing.assert_allclose([score for score, _, _ in scores], log10, atol=1e-4)
        assert theirs.score(sentence) == pytest.approx(log10.sum(), abs=1e-4 * len(row))


def test_the_file_of_a_tiny_model() -> None:
    """Its two rows are a␣ and ␣."""
    file = io.StringIO()
    model = NGram(2, 3, "kneser_ney").fit([[0, 1, 2, 0], [0, 2, 0]])
    write_arpa(model, file, "\na ")
    lines = file.getvalue().splitlines()
    assert lines[:4] == ["\\data\\", "ngram 1=5", "ngram 2=4", ""]
    assert lines[-1] == "\\end\\"
    bigrams = lines[lines.index("\\2-grams:") + 1 : -2]
    assert [line.split("\t")[1] for line in bigrams] == ["<s> a", "<s> ␣", "a ␣", "␣ </s>"]
    assert 10 ** float(bigrams[0].split("\t")[0]) == pytest.approx(model.next([0])[1], abs=1e-6)
    unigrams = dict(line.split("\t")[1::-1] for line in lines[5:10])
    assert [line for line in lines if line.endswith("\t</s>\t0.00000000")]  # nothing follows it
    assert unigrams["<s>"] == unigrams["<unk>"] == "-99.0"
    assert sum(10 ** float(unigrams[token]) for token in ("</s>", "a", "␣")) == pytest.approx(1)


def test_a_symbol_without_probability_is_written_like_the_unknown_one(tmp_path: Path) -> None:
    model = NGram(2, 3, "jelinek_mercer", weights=1.0).fit([[0, 1, 1, 0]])
    theirs = exported(model, tmp_path, "\nab")
    scores = [score for score, _, _ in theirs.full_scores("a b", bos=True, eos=False)]
    assert scores[0] == pytest.approx(0)
    assert scores[1] <= -99
    assert np.exp(model.log_probs([0, 1, 2])).tolist() == [1, 0]


@pytest.mark.parametrize("lines", [3, 9, -1])
def test_kenlm_refuses_a_file_that_is_cut_off(lines: int, tmp_path: Path) -> None:
    file = io.StringIO()
    write_arpa(NGram(3, 3, "kneser_ney").fit([[0, 1, 2, 0], [0, 2, 0]]), file, "\na ")
    (tmp_path / "model.arpa").write_text("\n".join(file.getvalue().splitlines()[:lines]))
    with pytest.raises(OSError, match=r"model\.arpa"):
        kenlm.Model(str(tmp_path / "model.arpa"))


def test_order_1_has_no_contexts_to_weigh() -> None:
    file = io.StringIO()
    write_arpa(NGram(1, 2, "kneser_ney").fit([[0, 1, 0]]), file, "\na")
    assert file.getvalue().splitlines()[4:9] == [
        *("-99.0\t<unk>", "-99.0\t<s>", "-0.30103000\t</s>", "-0.30103000\ta", "")
    ]


def test_symbols_are_written_visibly() -> None:
    assert tokens("\na é\t\u00a0") == ["</s>", "a", "␣", "é", "U+0009", "U+00A0"]
    assert len(set(tokens(ALPHABET))) == len(ALPHABET)


@pytest.mark.parametrize(
    ("alphabet", "wrong"),
    [
        ("\n ␣", "'␣' stands for two"),
        (["", "<s>", "b"], "'<s>' stands for two"),
        (["", "", "b"], "''"),
    ],
)
def test_symbols_that_cannot_be_told_apart(alphabet: list[str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        tokens(alphabet)


def test_what_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="'add_k' has no back-off"):
        write_arpa(NGram(2, 3, "add_k").fit([[0, 1, 0]]), io.StringIO(), "\nab")
    with pytest.raises(ValueError, match="2 symbols in alphabet, 3 in the model"):
        write_arpa(NGram(2, 3).fit([[0, 1, 0]]), io.StringIO(), "\na")
    with pytest.raises(RuntimeError, match="call fit"):
        write_arpa(NGram(2, 3, "kneser_ney"), io.StringIO(), "\nab")
