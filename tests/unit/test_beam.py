"""Beam search against every text there is, and against greedy search."""

import itertools

import pytest
import torch

from lmcourse.generation.beam import beam_search
from lmcourse.generation.cached import generate
from lmcourse.models.llama import Llama, LlamaConfig

V = 4


@pytest.fixture(params=range(4))
def model(request) -> Llama:
    torch.manual_seed(request.param)
    model = Llama(LlamaConfig(V, 12, 2, 2, 1, 8, 12)).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return model


def test_wide_enough_it_is_exhaustive_search(model):
    prompt, new = [1, 2], 4
    texts = list(itertools.product(range(V), repeat=new))
    rows = torch.tensor([[*prompt, *text] for text in texts])
    with torch.no_grad():
        logs = model(rows[:, :-1]).log_softmax(-1)  # [V^4, 5, V]
    taken = logs.gather(-1, rows[:, 1:, None])[:, len(prompt) - 1 :, 0].sum(1)  # [V^4]
    ids, scores = beam_search(model, torch.tensor([prompt]), new, V**new)
    order = taken.argsort(descending=True)
    torch.testing.assert_close(scores, taken[order])
    assert ids[0].tolist() == rows[order[0]].tolist()
    assert sorted(ids.tolist()) == sorted(rows.tolist())
    narrow, score = beam_search(model, torch.tensor([prompt]), new, V ** (new - 1))
    assert narrow[0].tolist() == rows[order[0]].tolist()  # all beginnings but the last step fit
    assert score[0] == pytest.approx(float(scores[0]), abs=1e-5)


def test_width_one_is_greedy(model):
    prompt = torch.tensor([[3, 0]])
    ids, _ = beam_search(model, prompt, 8, 1)
    assert ids.tolist() == generate(model, prompt, 8, temperature=0).tolist()


def test_forbidden_ids_are_not_written(model):
    ids, _ = beam_search(model, torch.tensor([[1]]), 5, 20, forbidden=[0])
    assert 0 not in ids[:, 1:]
    assert len({*map(tuple, ids.tolist())}) == len(ids) == 20
    few, _ = beam_search(model, torch.tensor([[1]]), 2, 20, forbidden=[0])
    assert len(few) == 9


def test_bad_input(model):
    one = torch.tensor([[1]])
    with pytest.raises(ValueError, match="one row, got 2"):
        beam_search(model, one.expand(2, 1), 2, 2)
    with pytest.raises(ValueError, match="width must be at least 1"):
        beam_search(model, one, 2, 0)
    with pytest.raises(ValueError, match="context_length"):
        beam_search(model, one, 13, 2)
