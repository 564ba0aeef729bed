"""Characters: a round trip for every text, and clear refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmcourse.text.characters import ALPHABET, CharTokenizer, fold_ascii


@given(st.text(alphabet=ALPHABET[1:]))
def test_decode_undoes_encode(text: str) -> None:
    tokenizer = CharTokenizer()
    ids = tokenizer.encode(text)
    assert ids[0] == ids[-1] == 0
    assert len(ids) == len(text) + 2
    assert 0 not in ids[1:-1]
    assert tokenizer.decode(ids) == text


def test_the_alphabet_is_the_boundary_and_printable_ascii() -> None:
    tokenizer = CharTokenizer()
    assert tokenizer.vocab_size == len(set(ALPHABET)) == 96
    assert ALPHABET[0] == "\n"
    assert tokenizer.encode("") == [0, 0]
    assert tokenizer.encode(" ~") == [0, 1, 95, 0]


def test_several_sentences_decode_to_several_lines() -> None:
    assert CharTokenizer("\nab").decode([0, 1, 0, 2, 0]) == "a\nb"


@pytest.mark.parametrize(
    ("text", "message"),
    [("caffè", "'è' at position 4 is not in"), ("a\nb", r"'\\n' at position 1 is the boundary")],
)
def test_refused_text(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CharTokenizer().encode(text)


@pytest.mark.parametrize("wrong", [-1, 96])
def test_refused_id(wrong: int) -> None:
    with pytest.raises(ValueError, match=f"{wrong} is outside the vocabulary of 96"):
        CharTokenizer().decode([0, wrong])


@pytest.mark.parametrize("alphabet", ["", "\naba"])
def test_refused_alphabet(alphabet: str) -> None:
    with pytest.raises(ValueError, match="each symbol once"):
        CharTokenizer(alphabet)


def test_folding_to_ascii() -> None:
    assert fold_ascii("  Café – “naïve” … Amélie’s\xa0day ") == 'Cafe - "naive" ... Amelie\'s day'
