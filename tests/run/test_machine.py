"""The machine has a name, and what its processor can do is known."""

import pytest
import torch

from lmcourse.runner import machine


@pytest.mark.parametrize(
    ("profile", "forced", "name"),
    [("gpu", "", "Big GPU"), ("gpu", "cpu", "My CPU"), ("cpu", "", "My CPU")],
)
def test_the_device_has_its_name(monkeypatch, profile, forced, name):
    monkeypatch.setenv("LMCOURSE_DEVICE", forced)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "Big GPU")
    monkeypatch.setattr(machine, "_processor", lambda: "My CPU")
    assert machine.device(profile) == name


def test_bf16_units_are_those_that_torch_uses():
    found = machine.environment("cpu")["cpu_bf16"]
    assert found == torch.cpu._is_avx512_bf16_supported()
