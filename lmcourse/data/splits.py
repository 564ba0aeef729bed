"""Splits without leaks: near-duplicates stay on one side, and the order comes from the text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import DatasetDict

SHARED_RUN = 5  # texts that share this many consecutive words go into the same split,
OPEN_RUN = 7  # and so do those that share this many, one word in the middle apart


def near_duplicate_groups(texts: Sequence[str]) -> list[int]:
    """A group number for each text; near-duplicates, and chains of them, share the group.

    Near-duplicates share `SHARED_RUN` consecutive words, or `OPEN_RUN` that differ in one inner
    word ("lacks in depth it makes up for", "lacks in substance it makes up for"). Case and
    punctuation do not count; a text shorter than a run is a run.
    """
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first_seen: dict[tuple[str, ...], int] = {}
    for i, text in enumerate(texts):
        for run in _runs(bare_words(text)):
            parent[root(i)] = root(first_seen.setdefault(run, i))
    return [root(i) for i in range(len(texts))]


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(max(1, len(words) - SHARED_RUN + 1)):
        yield tuple(words[start : start + SHARED_RUN])
    for start in range(len(words) - OPEN_RUN + 1):
        run = words[start : start + OPEN_RUN]
        for left_open in range(1, OPEN_RUN - 1):
            yield (*run[:left_open], "", *run[left_open + 1 :])


def bare_words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    bare = ("".join(filter(str.isalnum, word)) for word in text.lower().split())
    return [word for word in bare if word]


def digest(text: str) -> str:
    """A number in hexadecimal digits by which texts are put into an order that tells nothing."""
    return hashlib.sha256(text.encode("utf8")).hexdigest()


def dataset(splits: dict[str, list[dict[str, Any]]]) -> DatasetDict:
    """The rows of each split as a `datasets.DatasetDict`."""
    from datasets import Dataset, DatasetDict

    return DatasetDict({split: Dataset.from_list(rows) for split, rows in splits.items()})
