"""The session: profiles, seeds, device and precision."""

import random

import numpy as np
import pytest
import torch

from lmcourse import session


def test_size_follows_the_profile(monkeypatch):
    monkeypatch.setenv("LMCOURSE_DEVICE", "cpu")
    for profile, expected in (("smoke", 1), ("cpu", 2), ("gpu", 3)):
        assert session.start(profile).size(smoke=1, cpu=2, gpu=3) == expected
        assert session.current().profile == profile


def test_the_seed_fixes_every_generator():
    def draws():
        session.start("cpu", 7)
        own = session.current().generator(3)
        return random.random(), np.random.rand(), torch.rand(1).item(), torch.rand(1, generator=own)

    first, second = draws(), draws()
    assert first == second
    assert first[3].item() == torch.rand(1, generator=torch.Generator().manual_seed(10)).item()


@pytest.mark.parametrize("profile", ["CPU", "", "large", None])
def test_an_unknown_profile_names_the_choices(profile):
    with pytest.raises(ValueError, match="smoke, cpu, gpu"):
        session.start(profile)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.0, "0", True])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(ValueError, match="seed"):
        session.start("cpu", seed)


@pytest.mark.parametrize("seed", [0, 12_345, 2**31 - 1])
def test_a_good_seed_is_kept(seed):
    assert session.start("cpu", seed).seed == seed


@pytest.mark.parametrize(
    ("profile", "cuda", "mps", "forced", "device", "precision"),
    [
        ("gpu", True, True, "", "cuda", "bf16"),
        ("gpu", False, True, "", "mps", "fp32"),
        ("gpu", True, True, "cpu", "cpu", "fp32"),
        ("cpu", True, True, "", "cpu", "fp32"),
        ("smoke", True, False, "", "cpu", "fp32"),
    ],
)
def test_device_and_precision(monkeypatch, profile, cuda, mps, forced, device, precision):
    monkeypatch.setenv("LMCOURSE_DEVICE", forced)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    run = session.start(profile)
    assert (run.device.type, run.precision) == (device, precision)


def test_the_gpu_profile_without_gpu_says_what_to_do(monkeypatch):
    monkeypatch.delenv("LMCOURSE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="LMCOURSE_DEVICE=cpu"):
        session.start("gpu")


@pytest.mark.parametrize("supported", [True, False])
def test_precision_falls_back_without_bf16(monkeypatch, supported):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: supported)
    run = session.start("cpu")
    assert run.precision == ("bf16" if supported else "fp32")
    with run.autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if supported else torch.float32)
