"""LoRA against `peft`, merged and unmerged."""

import peft
import torch

from lmcourse.models.lora import LoRA
from tests.unit.adapted import BESIDE_PEFT, IDS, MASK, scrambled, theirs, through, tiny

pytestmark = BESIDE_PEFT


def test_lora_equals_peft_and_so_does_its_merged_matrix():
    base = tiny()
    config = peft.LoraConfig(r=3, lora_alpha=6, target_modules=["query", "value"])
    other = theirs(base.encoder, config)
    model = scrambled(LoRA(base, 3, 6.0).eval())
    for name, layer in model.layers.items():
        module = other.base_model.model.get_submodule(name)
        module.lora_A["default"].weight.data = layer.A.data
        module.lora_B["default"].weight.data = layer.B.data
        torch.testing.assert_close(module.get_delta_weight("default"), layer.change())
    expected = through(other, base.head)
    torch.testing.assert_close(model(IDS, MASK), expected, atol=1e-5, rtol=0)
    model.merge()
    merged = through(other.merge_and_unload(), base.head)
    torch.testing.assert_close(model(IDS, MASK), merged, atol=1e-5, rtol=0)


def test_merged_equals_unmerged_and_a_second_merge_adds_nothing():
    model = scrambled(LoRA(tiny(), 3).eval())
    before = model(IDS, MASK)
    weights = {name: layer.linear.weight.clone() for name, layer in model.layers.items()}
    model.merge()
    once = model(IDS, MASK)
    model.merge()
    assert torch.equal(model(IDS, MASK), once)
    torch.testing.assert_close(once, before, atol=1e-5, rtol=0)
    layer = next(iter(model.layers.values()))
    assert not torch.allclose(layer.linear.weight, next(iter(weights.values())))
    model.unmerge()
    model.unmerge()
    for name, layer in model.layers.items():
        torch.testing.assert_close(layer.linear.weight, weights[name], atol=1e-6, rtol=0)
    torch.testing.assert_close(model(IDS, MASK), before, atol=1e-5, rtol=0)
