"""Rows of one sentence and of two: special tokens, segments, and a fair coin."""

import numpy as np
import pytest
import torch

from lmcourse.text.pairs import Row, collate, pair_rows
from lmcourse.text.pieces import CLS, MASK, SEP


def test_a_row_by_hand():
    assert Row.of([7, 8]) == ([CLS, 7, 8, SEP], 4, -100)
    assert Row.of([7, 8], [9], 1) == ([CLS, 7, 8, SEP, 9, SEP], 4, 1)


def test_every_sentence_with_a_next_one_opens_one_row():
    documents = [[[10], [11], [12]], [[20]], [[30, 31], [32]]]
    rows = pair_rows(documents, np.random.default_rng(0))
    assert [row.ids[1 : row.second - 1] for row in rows] == [[10], [11], [30, 31]]


def test_the_second_sentence_is_the_next_one_or_of_another_document():
    documents = [[[100 * d + s] for s in range(10)] for d in range(40)]
    rows = pair_rows(documents, np.random.default_rng(0))
    for row in rows:
        first, second = row.ids[1], row.ids[row.second]
        assert (second == first + 1) == bool(row.follows)
        assert (second // 100 == first // 100) == bool(row.follows)
    follows = [row.follows for row in rows]
    assert abs(np.mean(follows) - 0.5) < 4 * 0.5 / np.sqrt(len(rows))
    strangers = [row.ids[row.second] % 100 for row in rows if not row.follows]
    assert {*strangers} == {*range(10)}


def test_one_document_alone_has_no_strangers():
    with pytest.raises(ValueError, match="documents holds one document"):
        pair_rows([[[1], [2]]], np.random.default_rng(0))
    assert pair_rows([], np.random.default_rng(0)) == []


def test_a_document_without_sentences_is_refused():
    with pytest.raises(ValueError, match="documents holds an empty one, number 1"):
        pair_rows([[[1], [2]], [], [[3]]], np.random.default_rng(0))


def test_a_batch_has_segments_answers_and_hidden_pieces():
    rows = [Row.of([7, 8, 9]), Row.of([5], [6, 7], 0)]
    drawn = torch.Generator().manual_seed(0)
    batch = collate(rows, vocab_size=12, generator=drawn, share=1.0, mask_share=1.0, random_share=0)
    assert batch.inputs.tolist() == [
        [CLS, MASK, MASK, MASK, SEP, 0],
        [CLS, MASK, SEP, MASK, MASK, SEP],
    ]
    assert batch.targets.tolist() == [[-100, 7, 8, 9, -100, -100], [-100, 5, -100, 6, 7, -100]]
    assert batch.segments.tolist() == [[0] * 6, [0, 0, 0, 1, 1, 1]]
    assert batch.real.tolist() == [[True] * 5 + [False], [True] * 6]
    assert batch.follows.tolist() == [-100, 0]
