"""Texts and labels before they reach a classifier: what is defined, and what is refused."""

import numpy as np
import pytest
from transformers import BertTokenizer

from lmcourse.text.labelled import class_numbers, encode

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "film"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    vocab = tmp_path_factory.mktemp("vocab") / "vocab.txt"
    vocab.write_text("\n".join(WORDS) + "\n")
    return BertTokenizer(vocab=str(vocab), model_max_length=6)


def test_rows_have_their_special_tokens_and_no_padding(tokenizer):
    assert encode(["a good film", "film", "the film"], tokenizer) == [
        [2, 5, 6, 7, 3],
        [2, 7, 3],
        [2, 1, 7, 3],
    ]


def test_an_empty_text_is_its_special_tokens(tokenizer):
    assert encode(["", "  "], tokenizer) == [[2, 3], [2, 3]]
    assert encode([], tokenizer) == []


def test_a_text_that_is_too_long_loses_its_end(tokenizer):
    text = "a good good good film film film"
    assert encode([text], tokenizer) == [[2, 5, 6, 6, 6, 3]]
    assert encode([text, "a"], tokenizer, 4) == [[2, 5, 6, 3], [2, 5, 3]]


@pytest.mark.parametrize("limit", [-1, 0, 2, 7])
def test_a_limit_that_the_model_cannot_keep_is_refused(tokenizer, limit):
    with pytest.raises(ValueError, match=f"max_length must be from 3 to 6, not {limit}"):
        encode(["a"], tokenizer, limit)


@pytest.mark.parametrize(
    ("entry", "kind"), [(None, "NoneType"), (float("nan"), "float"), (b"a", "bytes"), ([], "list")]
)
def test_what_is_not_a_string_is_named(tokenizer, entry, kind):
    with pytest.raises(TypeError, match=f"^text 1 is .*, a {kind} and not a string"):
        encode(["a", entry, 3], tokenizer)
    with pytest.raises(TypeError, match="put it into a list"):
        encode("a good film", tokenizer)


def test_labels_become_arrays():
    found = class_numbers({"train": [0, 1, 1], "test": np.array([1.0, 0.0])}, 2)
    assert {name: (array.dtype, array.tolist()) for name, array in found.items()} == {
        "train": (np.int64, [0, 1, 1]),
        "test": (np.int64, [1, 0]),
    }


@pytest.mark.parametrize("label", [2, -1, 0.5, float("nan"), -100])
def test_a_label_outside_the_classes_is_named(label):
    with pytest.raises(ValueError, match=r"^label 2 of 'validation' is .*: the classes are 0 to 1"):
        class_numbers({"train": [0, 1], "validation": [0, 1, label]}, 2)


def test_a_label_that_is_no_number_is_named():
    with pytest.raises(ValueError, match=r"^label 0 of 'train' is good"):
        class_numbers({"train": ["good", "bad"]}, 2)


@pytest.mark.parametrize(("labels", "missing"), [([0, 0, 2], 1), ([], 0), ([0, 1], 2)])
def test_a_class_that_a_split_lacks_is_named(labels, missing):
    with pytest.raises(ValueError, match=f"^no label in 'test' is of class {missing}"):
        class_numbers({"train": [0, 1, 2], "test": labels}, 3)
