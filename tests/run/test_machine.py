"""The machine has a name."""

import pytest

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
