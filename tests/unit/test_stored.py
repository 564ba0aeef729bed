"""Stored weights: fp16 on the disk, the recipe beside them, and the model back as it was."""

import json
import struct

import pytest
import torch

from lmcourse.errors import UnknownName
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.weights import stored

CONFIG = GPTConfig(vocab_size=5, context_length=8, n_layers=1, n_heads=2, d_model=8, dropout=0.1)


def build(config: dict) -> GPT:
    return GPT(GPTConfig(**config))


@pytest.fixture
def model() -> GPT:
    torch.manual_seed(0)
    return GPT(CONFIG)


@pytest.fixture
def folder(tmp_path, model):
    stored.save(tmp_path, "tiny", model, CONFIG, {"seed": 3, "bits": {"1": 2.5}})
    return tmp_path


def header(content: bytes) -> dict:
    """The header of a safetensors file: eight bytes of length, then JSON."""
    (length,) = struct.unpack("<Q", content[:8])
    entries = json.loads(content[8 : 8 + length])
    entries.pop("__metadata__", None)
    return entries


def test_on_the_disk_are_half_precision_and_a_recipe(folder, model):
    assert sorted(file.name for file in folder.iterdir()) == ["tiny.json", "tiny.safetensors"]
    content = (folder / "tiny.safetensors").read_bytes()
    entries = header(content)
    assert {entry["dtype"] for entry in entries.values()} == {"F16"}
    assert {name: tuple(entry["shape"]) for name, entry in entries.items()} == {
        name: tuple(tensor.shape) for name, tensor in model.state_dict().items()
    }
    text = (folder / "tiny.json").read_text(encoding="utf8")
    assert text.endswith("}\n")
    recipe = json.loads(text)
    assert recipe["config"] == {
        "vocab_size": 5,
        "context_length": 8,
        "n_layers": 1,
        "n_heads": 2,
        "d_model": 8,
        "dropout": 0.1,
    }
    assert (recipe["seed"], recipe["bits"]) == (3, {"1": 2.5})


def test_loaded_is_what_was_stored_rounded_once(folder, model):
    loaded, recipe = stored.load("tiny", build, folder)
    assert loaded.config == CONFIG
    assert recipe["seed"] == 3
    assert not loaded.training
    for name, tensor in loaded.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, model.state_dict()[name].half().float(), atol=0, rtol=0)


def test_an_unknown_name_lists_what_there_is(folder):
    with pytest.raises(UnknownName, match="unknown stored weights 'tinny': did you mean 'tiny'"):
        stored.load("tinny", build, folder)
    with pytest.raises(UnknownName, match="The choices are best_gpt, bpe_gpt, char_gpt"):
        stored.load("large", build)
