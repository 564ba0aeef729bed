"""Skip-gram against loops over pairs, autograd, a closed form, and gensim."""

import gensim.models
import numpy as np
import pytest
import torch
from torch.nn.functional import logsigmoid

from lmcourse.models.skip_gram import SkipGram, ascent, within


def test_the_steps_are_the_gradients_of_the_loss():
    draw = torch.Generator().manual_seed(0)
    word, context, noise = (
        torch.randn(2, n, 4, generator=draw, dtype=torch.float64, requires_grad=True)
        for n in (6, 9, 3)
    )
    near = torch.rand(2, 6, 9, generator=draw) < 0.4
    share = near.sum(2, keepdim=True) * 0.7
    loss = -(logsigmoid(word @ context.mT) * near).sum()
    loss = loss - (logsigmoid(-word @ noise.mT) * share).sum()
    slopes = torch.autograd.grad(loss, (word, context, noise))
    for up, slope in zip(ascent(word, context, noise, near, share), slopes, strict=True):
        torch.testing.assert_close(up.detach(), -slope)


@pytest.mark.parametrize("window", [1, 3])
def test_a_mask_holds_the_pairs_of_a_loop_over_all_places(window):
    draw = torch.Generator().manual_seed(window)
    length = 7
    outer = torch.tensor([[-1] * window + [0, 0, 0, 1, 1, 2, -1] + [-1] * window])
    reach = torch.randint(1, window + 1, (1, length, 1), generator=draw)
    found = within(outer[:, window : window + length], outer, reach, window)
    for i in range(length):
        for j in range(length + 2 * window):
            away = abs(i + window - j)
            here, there = outer[0, i + window].item(), outer[0, j].item()
            expected = 0 < away <= reach[0, i, 0] and here == there >= 0
            assert found[0, i, j].item() == expected


def test_stretches_cover_every_word_once_with_its_neighbours():
    model = SkipGram(5, dim=2, window=3)
    ids = torch.arange(1, 78)
    blocks = model._blocks(ids, 0)
    inner = blocks[:, 3:-3].flatten()
    assert inner[: len(ids)].tolist() == ids.tolist()
    assert not inner[len(ids) :].any()
    assert blocks[1, :3].tolist() == blocks[0, -6:-3].tolist()
    assert model._blocks(ids[:0], 0).shape[0] == 0


def test_equal_seeds_give_equal_vectors_and_others_do_not():
    rows = [[0, 1, 2, 1], [3, 2, 1]] * 9
    first, again, other = (
        SkipGram(4, dim=3, seed=seed, subsample=0).fit(rows, 2).vectors for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.isfinite().all()


def test_the_game_ends_near_pmi_less_log_k():
    """Levy & Goldberg 2014, on rows of two words whose table of counts is known."""
    counts = np.array([[8, 4, 2], [4, 6, 2], [2, 2, 10]])
    rows = [[i, j] for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    table = counts + counts.T
    model = SkipGram(3, dim=6, window=1, negatives=2, subsample=0, power=1.0, seed=0)
    model.fit(rows, 1500, learning_rate=0.1)
    often = table.sum(1)
    goal = np.log(table * table.sum() / np.outer(often, often)) - np.log(2)
    found = (model.vectors @ model.contexts.T).numpy()
    np.testing.assert_allclose(found, goal, atol=0.25)


def test_topics_are_told_apart_as_gensim_does():
    draw = np.random.default_rng(0)
    rows = [(draw.integers(0, 10, 12) + 10 * (i % 2)).tolist() for i in range(400)]
    ours = SkipGram(20, dim=8, subsample=0).fit(rows, 5).vectors.numpy()
    model = gensim.models.Word2Vec(
        [list(map(str, row)) for row in rows], vector_size=8, sg=1, min_count=1, sample=0,
        workers=1, epochs=20, seed=1,
    )  # fmt: skip
    theirs = model.wv[list(map(str, range(20)))]
    for vectors in (ours, theirs):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = unit @ unit.T
        same = np.equal.outer(np.arange(20) // 10, np.arange(20) // 10)
        assert cosines[same].min() > cosines[~same].max()


def test_a_window_wider_than_the_text_ends_with_the_text():
    vectors = SkipGram(3, dim=2, window=50, subsample=0).fit([[0, 1], [2]], 3).vectors
    assert vectors.isfinite().all()


@pytest.mark.parametrize("rows", [[], [[]], [[0], [1]]])
def test_a_text_without_pairs_is_refused(rows):
    with pytest.raises(ValueError, match="not one has two words"):
        SkipGram(2).fit(rows)


@pytest.mark.parametrize("size", ["dim", "window", "negatives"])
def test_sizes_below_one_are_refused(size):
    with pytest.raises(ValueError, match="dim, window and negatives must be at least 1"):
        SkipGram(2, **{size: 0})


@pytest.mark.parametrize("vocab_size", [0, 1])
def test_a_vocabulary_of_one_word_is_refused(vocab_size):
    with pytest.raises(ValueError, match="with one word there is nothing to learn"):
        SkipGram(vocab_size)
