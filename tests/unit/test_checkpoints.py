"""Checkpoints: resume after a kill, and clear words for a file that is no good."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lmcourse.session import Session
from lmcourse.training.checkpoints import CheckpointError
from lmcourse.training.loop import fit

CPU = Session("cpu", 0, torch.device("cpu"), "fp32")


def squared(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    x, y = batch
    return (model(x) - y).square().mean()


def line_batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
    return x, x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3


class Network(nn.Module):
    """Draws from every generator that training may use."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 16), nn.Dropout(0.3), nn.Linear(16, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x) * (1 + 0.1 * random.random() + 0.1 * float(np.random.rand()))


def train(
    checkpoint: str | Path | None, steps: int = 40, pause: float = 0.0, **other: object
) -> list:
    """The run of the resume tests: parameters and losses at the end."""
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)
    model = Network()
    history = fit(
        model,
        squared,
        line_batch,
        session=CPU,
        on_step=lambda step: (print(step, flush=True), time.sleep(pause)),
        checkpoint=checkpoint,
        **{"steps": steps, "learning_rate": 0.01, "checkpoint_every": 3 if checkpoint else 0}
        | other,
    )
    return [*(p.tolist() for p in model.parameters()), history.losses]


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    file = tmp_path / "run.pt"
    command = f"from tests.unit.test_checkpoints import train; train({str(file)!r}, pause=0.05)"
    process = subprocess.Popen(
        [sys.executable, "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    for line_ in process.stdout:
        if int(line_) >= 13:
            break
    os.kill(process.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    process.stdout.close()
    assert process.wait() != 0

    assert 12 <= torch.load(file)["step"] < 40
    assert train(file) == train(None)
    assert torch.load(file)["step"] == 40
    assert os.listdir(tmp_path) == ["run.pt"]


def test_a_finished_run_is_read_not_repeated(tmp_path: Path) -> None:
    first = train(tmp_path / "run.pt")
    assert train(tmp_path / "run.pt", pause=1e9) == first


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.pt"
    train(file)
    with pytest.raises(CheckpointError, match=r"run\.pt .*steps was 40 and is 41"):
        train(file, steps=41)
    with pytest.raises(CheckpointError, match=r"learning_rate was 0.01 and is 0.02"):
        train(file, learning_rate=0.02)
    with pytest.raises(CheckpointError, match="model was"):
        fit(
            nn.Linear(3, 1),
            squared,
            line_batch,
            steps=40,
            learning_rate=0.01,
            session=CPU,
            checkpoint=file,
        )
    with pytest.raises(CheckpointError, match="first batch was"):
        fit(
            Network(),
            squared,
            lambda step: line_batch(step + 1),
            steps=40,
            learning_rate=0.01,
            session=CPU,
            checkpoint=file,
        )


def test_frozen_parameters_resume_exactly_and_belong_to_the_run(tmp_path: Path) -> None:
    file = tmp_path / "run.pt"

    def run(checkpoint: Path | None, stop: int = 0, frozen: bool = True) -> list:
        torch.manual_seed(7)
        random.seed(7)
        np.random.seed(7)
        model = Network()
        model.layers[0].requires_grad_(not frozen)

        def on_step(step: int) -> None:
            if step == stop:
                raise KeyboardInterrupt

        options = {"checkpoint": checkpoint, "checkpoint_every": 4 if checkpoint else 0}
        fit(
            model, squared, line_batch, steps=12, learning_rate=0.01, session=CPU,
            on_step=on_step, **options,
        )  # fmt: skip
        return [p.tolist() for p in model.parameters()]

    with pytest.raises(KeyboardInterrupt):
        run(file, stop=6)
    with pytest.raises(CheckpointError, match="model was"):
        run(file, frozen=False)
    assert torch.load(file)["step"] == 4
    assert run(file) == run(None)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_one_clear_error(tmp_path: Path, kept: float) -> None:
    file = tmp_path / "run.pt"
    train(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(CheckpointError, match=r"run\.pt is damaged.*Delete it"):
        train(file)


def test_something_else_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(2)}, tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match="no checkpoint of this book"):
        train(tmp_path / "run.pt")


def test_a_failed_write_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.pt"

    def full(descriptor: int) -> None:
        if file.exists():
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        train(file)
    assert os.listdir(tmp_path) == ["run.pt"]
    assert torch.load(file)["step"] == 3
    monkeypatch.undo()
    assert train(file) == train(None)
