"""Fine-tuning a classifier: it learns what can be learned, and padding and order do not matter."""

import numpy as np
import pytest
import torch
from torch import nn

from lmcourse import session
from lmcourse.training.classification import fine_tune, padded, scores

ROWS = [[2, 7, 9, 3], [2, 5, 3], [2, 8, 8, 8, 8, 3], [2, 6, 7, 3], [2, 9, 3]]


class Bag(nn.Module):
    """Mean of the real tokens' vectors, then a linear layer; remembers what it was asked."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.vectors, self.head = nn.Embedding(10, 8), nn.Linear(8, 2)
        self.asked = []

    def forward(self, ids, mask):
        self.asked += [row[:n].tolist() for row, n in zip(ids, mask.sum(dim=1), strict=True)]
        real = mask[..., None].float()
        return self.head((self.vectors(ids) * real).sum(dim=1) / real.sum(dim=1))


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    return session.start("cpu", 3)


def test_padded_rows_end_in_zeros_that_the_mask_leaves_out(run):
    ids, mask = padded(ROWS[:2], run.device)
    assert ids.tolist() == [[2, 7, 9, 3], [2, 5, 3, 0]]
    assert mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]


def test_scores_come_in_the_order_of_the_rows(run):
    model = Bag()
    expected = torch.cat([model(*padded([row], run.device)) for row in ROWS])  # [N, 2]
    for batch_size in (1, 2, 64):
        found = scores(model.train(), ROWS, run, batch_size)
        torch.testing.assert_close(found, expected)
        assert not model.training


def test_scores_moves_the_model_to_the_sessions_device(run, monkeypatch):
    model, moved = Bag(), []
    monkeypatch.setattr(model, "to", lambda device: moved.append(device) or model)
    scores(model, ROWS, run)
    assert moved == [run.device]


def test_every_row_is_seen_once_an_epoch_and_its_own_label_is_learned(run):
    rng = np.random.default_rng(0)
    rows = [[2, *rng.integers(4, 10, n), 3] for n in rng.integers(1, 9, 200)]
    labels = np.array([7 in row for row in rows]).astype(int)
    model = Bag()
    history = fine_tune(model, rows, labels, session=run, learning_rate=0.1, epochs=2)
    assert history.steps == 14
    assert sorted(model.asked) == sorted([list(map(int, row)) for row in rows] * 2)
    assert (scores(model, rows, run).argmax(1).numpy() == labels).mean() > 0.85
    before = np.mean(history.losses[:3])
    assert np.mean(history.losses[-3:]) < before - 0.1


def test_part_of_an_epoch_and_settings_of_fit(run):
    seen = []
    model = Bag()
    labels = [0, 1, 0, 1, 0]
    history = fine_tune(
        model, ROWS, labels, session=run, batch_size=1, epochs=1.5, warmup=0.5, on_step=seen.append
    )
    assert history.steps == 8
    assert seen == list(range(1, 9))


def test_the_same_seed_gives_the_same_weights(run):
    weights = []
    for seed in (3, 3, 4):
        model = Bag()
        model.head = nn.Sequential(nn.Dropout(0.5), model.head)
        fine_tune(model, ROWS, [0, 1, 0, 1, 0], session=session.start("cpu", seed), batch_size=2)
        weights.append(model.vectors.weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_what_cannot_be_meant_is_refused(run):
    with pytest.raises(ValueError, match="5 rows but 2 labels"):
        fine_tune(Bag(), ROWS, [0, 1], session=run)
    with pytest.raises(ValueError, match="epochs must be positive"):
        fine_tune(Bag(), ROWS, [0] * 5, session=run, epochs=0)
    with pytest.raises(ValueError, match="at least one item"):
        fine_tune(Bag(), [], [], session=run)
    with pytest.raises(ValueError, match="no rows"):
        scores(Bag(), [], run)
