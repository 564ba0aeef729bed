"""Writing about a source, against all texts of a tiny vocabulary."""

import itertools

import pytest
import torch
from torch import nn

from lmcourse.generation.translation import beam, greedy, sources
from lmcourse.models.encoder_decoder import EncoderDecoder, EncoderDecoderConfig

SIZES = EncoderDecoderConfig(
    source_size=5, target_size=3, longest=8, n_layers=1, n_heads=2, d_model=8, dropout=0.0
)
ROWS = [[1, 2, 3], [4], [], [2, 2]]


def random_model(seed: int) -> EncoderDecoder:
    torch.manual_seed(seed)
    model = EncoderDecoder(SIZES).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.7)
    return model


def score(model: EncoderDecoder, row: list[int], ids: list[int]) -> float:
    """Mean log-probability, by teacher forcing, of ids and of the boundary behind them."""
    source, mask = sources([row])
    with torch.no_grad():
        logits = model(source, mask, torch.tensor([[0, *ids]]))[0].log_softmax(-1)
    return float(logits[range(len(ids) + 1), [*ids, 0]].mean())


def test_sources_are_padded_and_masked():
    ids, mask = sources(ROWS)
    assert ids.tolist() == [[1, 2, 3], [4, 0, 0], [0, 0, 0], [2, 2, 0]]
    assert mask.sum(1).tolist() == [3, 1, 0, 2]


@pytest.mark.parametrize("seed", range(4))
def test_greedy_takes_the_likeliest_in_a_batch_as_alone(seed):
    model = random_model(seed)
    together = greedy(model, ROWS, max_new=5)
    for row, written in zip(ROWS, together, strict=True):
        source, mask = sources([row])
        ids = [0]
        while len(ids) <= 5:
            with torch.no_grad():
                new = int(model(source, mask, torch.tensor([ids]))[0, -1].argmax())
            if new == 0:
                break
            ids.append(new)
        assert written == ids[1:] == greedy(model, [row], max_new=5)[0]


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_is_exhaustive(seed):
    """With room for every text it finds the best mean among those that are closed in time."""
    model = random_model(seed)
    texts = [t for n in range(4) for t in itertools.product((1, 2), repeat=n)]
    for row in ROWS:
        best = max(score(model, row, list(t)) for t in texts)
        ids, found = beam(model, row, 40, max_new=4)
        if len(ids) < 4:
            assert found == pytest.approx(score(model, row, ids), abs=1e-5)
            assert found == pytest.approx(best, abs=1e-5)


def test_a_beam_of_one_is_greedy():
    for seed in range(4):
        model = random_model(seed)
        for row in ROWS:
            ids, _ = beam(model, row, 1, max_new=5)
            assert ids == greedy(model, [row], max_new=5)[0]


def test_limits():
    model = random_model(0)
    assert greedy(model, ROWS, max_new=0) == [[], [], [], []]
    assert greedy(model, [], max_new=4) == []
    assert beam(model, [1], 3, max_new=0)[0] == []
    with pytest.raises(ValueError, match="max_new must be 0 to longest 8, got 9"):
        greedy(model, ROWS, max_new=9)
    with pytest.raises(ValueError, match="width must be at least 1"):
        beam(model, [1], 0, max_new=2)
    with pytest.raises(ValueError, match="outside 0…4"):
        greedy(model, [[5]], max_new=2)
