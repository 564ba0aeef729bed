"""The rows that BERT reads: one sentence or two, with special tokens and segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lmcourse.text.batches import IGNORED, pad
from lmcourse.text.masking import masked
from lmcourse.text.pieces import CLS, MASK, PAD, SEP, SPECIAL


class Row(NamedTuple):
    """One sentence or two; `pretraining/bert_from_scratch` teaches it."""

    ids: list[int]  # [CLS] first [SEP], or [CLS] first [SEP] second [SEP]
    second: int  # where segment 1 begins; the length of `ids` if there is no second sentence
    follows: int  # 1: the second is the next one, 0: it is another; -100: there is none

    @classmethod
    def of(
        cls, first: Sequence[int], second: Sequence[int] | None = None, follows: int = IGNORED
    ) -> Row:
        """The row of one or two sentences, given as ids without special tokens."""
        ids = [CLS, *first, SEP]
        start = len(ids)
        return cls(ids if second is None else [*ids, *second, SEP], start, follows)


class Batch(NamedTuple):
    """Masked rows: all [B, T] but `follows` [B]."""

    inputs: Tensor
    targets: Tensor  # -100 where nothing is asked
    real: Tensor  # bool, False at padding
    segments: Tensor
    follows: Tensor  # 1, 0, or -100 where there is no second sentence


def collate(
    rows: Sequence[Row], *, vocab_size: int, generator: torch.Generator, **shares: Any
) -> Batch:
    """A batch of `rows`, masked by `lmcourse.text.masking.masked`, which takes the `shares`."""
    hidden = masked(
        [row.ids for row in rows],
        vocab_size=vocab_size,
        mask_id=MASK,
        special_ids=range(len(SPECIAL)),
        pad_id=PAD,
        generator=generator,
        **shares,
    )
    segments = [[0] * row.second + [1] * (len(row.ids) - row.second) for row in rows]
    return Batch(*hidden, pad(segments, 0), torch.tensor([row.follows for row in rows]))


def pair_rows(documents: Sequence[Sequence[Sequence[int]]], rng: np.random.Generator) -> list[Row]:
    """A row for every sentence that has a next one in its document.

    By a fair coin the second sentence is that next one, or any sentence of another document. There
    are no rows for documents of a single sentence. ValueError when only one document is given, for
    then there is no other, or when one has no sentence.
    """
    if len(documents) == 1:
        raise ValueError("documents holds one document: there is no other to draw from")
    if not all(documents):
        raise ValueError(
            f"documents holds an empty one, number {list(map(len, documents)).index(0)}"
        )
    rows = []
    for number, document in enumerate(documents):
        for place in range(len(document) - 1):
            follows, second = int(rng.random() < 0.5), document[place + 1]
            if not follows:
                other = int(rng.integers(len(documents) - 1))
                stranger = documents[other + (other >= number)]
                second = stranger[int(rng.integers(len(stranger)))]
            rows.append(Row.of(document[place], second, follows))
    return rows
