"""Formulas of transformer/training_at_scale against finite differences, fractions and bits."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.training.processes import launch
from tests.chapter import functions

chapter = functions("transformer/training_at_scale")
CONFIG = {"vocab_size": 7, "context_length": 9, "n_layers": 1, "n_heads": 2, "d_model": 4}


def small_model():
    torch.manual_seed(0)
    return GPT(GPTConfig(**CONFIG, dropout=0.0)).double()


def parts():
    """Three parts with different numbers of letters to foretell."""
    generator = torch.Generator().manual_seed(1)
    found = []
    for B, T, padded in ((1, 2, 0), (2, 5, 3), (1, 8, 1)):
        ids = torch.randint(7, (B, T + 1), generator=generator)
        inputs, targets = ids[:, :-1], ids[:, 1:].clone()
        targets[0, T - padded :] = -100
        found.append((inputs, targets))
    return found


def by_hand(model):
    """Mean surprise of all letters of `parts`, letter by letter."""
    with torch.no_grad():
        nats = [
            -(model.hidden(inputs) @ model.tokens.weight.T)[b, t]
            .log_softmax(-1)[targets[b, t]]
            .item()
            for inputs, targets in parts()
            for b, t in (targets != -100).nonzero().tolist()
        ]
    return sum(nats) / len(nats)


@pytest.mark.formula(1, "chapter:accumulate")
def test_accumulation_by_finite_differences():
    model = small_model()
    loss = chapter["accumulate"](model, parts())
    assert loss == pytest.approx(by_hand(model), abs=1e-12)
    for weight, place in ((model.positions.weight, (1, 2)), (model.norm.weight, (3,))):
        ends = []
        for move in (1e-5, -1e-5):
            with torch.no_grad():
                weight[place] += move
                ends.append(by_hand(model))
                weight[place] -= move
        assert weight.grad[place].item() == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def exact_adam(w, gradients, rate, decay, decoupled):
    """Two or three steps in fractions up to the root."""
    w, m, v = Fraction(w), Fraction(0), Fraction(0)
    for t, g in enumerate(map(Fraction, gradients), 1):
        if decoupled:
            w -= rate * decay * w
        else:
            g += decay * w
        m = Fraction(9, 10) * m + g / 10
        v = Fraction(999, 1000) * v + g * g / 1000
        mean, square = m / (1 - Fraction(9, 10) ** t), v / (1 - Fraction(999, 1000) ** t)
        w -= rate * mean / (Fraction(float(square) ** 0.5) + Fraction(1, 10**8))
    return float(w)


@pytest.mark.formula(2, "chapter:adam")
@pytest.mark.formula(3, "chapter:adam")
@pytest.mark.parametrize("decoupled", [True, False])
def test_adam_by_fractions_and_torch(decoupled):
    rows = [[2.0, 0.25], [-1.0, 0.5], [0.5, -4.0]]
    gradients = [torch.tensor(row, dtype=torch.double) for row in rows]
    w = torch.tensor([1.0, -2.0], dtype=torch.double)
    found = chapter["adam"](w, gradients, 0.125, 0.5, decoupled)
    assert found.shape == (3, 2)
    for i, start in enumerate((1, -2)):
        column = [row[i] for row in rows]
        expected = exact_adam(start, column, Fraction(1, 8), Fraction(1, 2), decoupled)
        assert found[-1, i].item() == pytest.approx(expected, abs=1e-9)
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    theirs = chapter["torchs_path"](kind, w, gradients, lr=0.125, weight_decay=0.5)
    torch.testing.assert_close(found[-1], theirs, rtol=0, atol=1e-12)


@pytest.mark.formula(4, "chapter:gap")
@pytest.mark.parametrize("x", [0.001, 0.3, 0.5, 0.75, 1.0, 1.5, 3.0, 100.0])
def test_the_gap_is_the_next_pattern_of_bits(x):
    here = torch.tensor(x).bfloat16()
    above = (here.view(torch.int16) + 1).view(torch.bfloat16)
    assert chapter["gap"](here.item()) == above.item() - here.item()


@pytest.mark.parametrize("way", ["sums", "means"])
def test_three_processes_train_as_one_and_means_do_not(tmp_path, way):
    model = small_model()
    generator = torch.Generator().manual_seed(2)
    steps = []
    for _ in range(3):
        ids = torch.randint(7, (4, 9), generator=generator)
        targets = ids[:, 1:].clone()
        targets[0, 2:] = -100
        steps.append((ids[:, :-1], targets))
    torch.save((model, steps), tmp_path / "data.pt")
    before, line = chapter["ADDED"][way]
    program = chapter["MEETING"] + chapter["STEPS"]
    if line:
        program = program.replace(before, f"{line}\n{before}")
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf8")
    curve = [float(number) for number in launch(script, 3, str(tmp_path / "data.pt")).split()]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    alone = []
    for batch in steps:
        alone.append(chapter["accumulate"](model, [batch]))
        optimizer.step()
    off = np.abs(np.array(curve) - alone).max()
    assert off < 1e-10 if way == "sums" else off > 1e-3
