"""AdaLoRA against `peft` and the formulas of its paper."""

import peft
import pytest
import torch
import torch.nn.functional as F

from lmcourse.models.adalora import AdaLoRA
from tests.unit.adapted import BESIDE_PEFT, IDS, MASK, scrambled, theirs, through, tiny

pytestmark = BESIDE_PEFT


def pair(rank=4, kept=2):
    """Ours and `peft`'s AdaLoRA with the same numbers, ours and theirs."""
    base = tiny()
    config = peft.AdaLoraConfig(
        init_r=rank,
        target_r=kept,
        lora_alpha=8,
        target_modules=["query", "value"],
        total_step=40,
        tinit=4,
        tfinal=12,
        deltaT=10,
    )
    other = theirs(base.encoder, config)
    model = scrambled(AdaLoRA(base, rank, kept, 8.0).eval())
    for name, layer in model.layers.items():
        module = other.base_model.model.get_submodule(name)
        module.lora_A["default"].data = layer.Q.data.clone()
        module.lora_E["default"].data = layer.L.data[:, None].clone()
        module.lora_B["default"].data = layer.P.data.clone()
    return base, model, other


def test_adalora_equals_peft():
    base, model, other = pair()
    expected = through(other, base.head)
    torch.testing.assert_close(model(IDS, MASK), expected, atol=1e-5, rtol=0)


def test_adalora_prunes_what_peft_prunes():
    base, model, other = pair()
    allocator, after = other.base_model.rankallocator, model.on_step(40)
    base.head.requires_grad_(False)
    pruned = 0
    for step in range(1, 41):
        for one in (model, other):
            z = model(IDS, MASK) if one is model else through(other, base.head)
            one.zero_grad()
            F.cross_entropy(z, torch.tensor([0, 1])).backward()
            with torch.no_grad():
                for p in one.parameters():
                    if p.requires_grad:
                        p -= 0.1 * p.grad
        after(step)
        other.base_model.update_and_allocate(step)
        if step <= 28:
            assert model.budget(step, 40) == allocator.budget_schedule(step)[0]
        for name, layer in model.layers.items():
            module = other.base_model.model.get_submodule(name)
            L = module.lora_E["default"].flatten()
            torch.testing.assert_close(layer.L, L, atol=1e-4, rtol=0)
            pruned += int((L == 0).sum())
    assert pruned
    assert sum(int(alive.sum()) for alive in model.alive.values()) == model.left == 8
    assert sum(int((layer.L != 0).sum()) for layer in model.layers.values()) == 8


def test_adaloras_penalty_is_zero_at_first_and_is_that_of_the_paper():
    model = AdaLoRA(tiny(), 4, 3)
    assert model.penalty() < 1e-8
    scrambled(model)
    total = 0.0
    for layer in model.layers.values():
        P, Q = layer.P.detach(), layer.Q.detach()
        for a in (P.T @ P, Q @ Q.T):
            total += sum((float(a[i, j]) - (i == j)) ** 2 for i in range(4) for j in range(4))
    assert model.penalty().item() == pytest.approx(total, rel=1e-5)


def test_adalora_counts_what_is_left():
    model = AdaLoRA(tiny(), 4, 3)
    assert (model.all, model.left, model.used) == (16, 12, 12 * 33)
    budgets = [model.budget(step, 100) for step in range(101)]
    assert budgets[:11] == [16] * 11
    assert budgets[70:] == [12] * 31
    assert budgets == sorted(budgets, reverse=True)
