"""Labelled texts on their way to a classifier: refused when they cannot be meant, else encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np


def encode(texts: Sequence[str], tokenizer: Any, max_length: int | None = None) -> list[list[int]]:
    """Rows of ids, each with the tokenizer's special tokens, none padded.

    An empty text becomes its special tokens alone ([CLS] [SEP]). A text of more than `max_length`
    tokens, special ones counted, loses its end and keeps its special tokens; without `max_length`
    the limit is the model's own maximum.

    Raises:
        TypeError: `texts` is one string, or an entry is not a string (None, a float for a missing
            value, bytes); the message names the first.
        ValueError: `max_length` leaves no room for a token, or is more than the model can take.
    """
    if isinstance(texts, str):
        raise TypeError("texts is one string; put it into a list")
    texts = list(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"text {place} is {text!r}, a {type(text).__name__} and not a string")
    most, special = tokenizer.model_max_length, tokenizer.num_special_tokens_to_add()
    limit = most if max_length is None else max_length
    if not special < limit <= most:
        raise ValueError(f"max_length must be from {special + 1} to {most}, not {limit}")
    return tokenizer(texts, truncation=True, max_length=limit)["input_ids"] if texts else []


def class_numbers(labels: Mapping[str, Iterable[Any]], num_classes: int) -> dict[str, np.ndarray]:
    """The labels of each split as int64 arrays [N].

    Raises:
        ValueError: a label is not one of 0 … `num_classes` - 1, or a split (an empty one too) lacks
            one of these classes, so that nothing could be learned or said about it; the message
            names split, place and class.
    """
    found = {}
    for split, values in labels.items():
        array = np.asarray(list(values))
        right = np.isin(array, np.arange(num_classes))
        if not right.all():
            place = int(np.argmin(right))
            raise ValueError(
                f"label {place} of {split!r} is {array[place]!s}: "
                f"the classes are 0 to {num_classes - 1}"
            )
        found[split] = array.astype(np.int64)
        for k in range(num_classes):
            if not (found[split] == k).any():
                raise ValueError(f"no label in {split!r} is of class {k}")
    return found
