"""One file that holds all of a training run, written so that a kill never leaves half of it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lmcourse.files import replacing

FORMAT = "lmcourse checkpoint 1"


class CheckpointError(RuntimeError):
    """The checkpoint cannot be read, or belongs to another run."""


@dataclass(frozen=True)
class Checkpoint:
    """The file `path` of the run that `settings` describe (plain numbers and strings)."""

    path: Path
    settings: Mapping[str, Any]

    def save(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        losses: Tensor,
        step: int,
        seconds: float,
    ) -> None:
        """Writes the run after `step` updates, with the state of all random generators.

        The file is written beside `path` and then moved there at once, so whoever looks, and
        whenever the process dies, there is the old checkpoint or the new one.
        """
        state = {
            "format": FORMAT,
            "settings": dict(self.settings),
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "losses": losses,
            "step": step,
            "seconds": seconds,
            "random": _random_state(),
        }
        with replacing(self.path) as file:
            torch.save(state, file)

    def resume(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, losses: Tensor
    ) -> tuple[int, float]:
        """Puts everything back as `save` found it; returns the updates made and their seconds.

        (0, 0.0) when there is no file yet. Raises CheckpointError when the file is damaged or its
        settings are not these, and then changes nothing.
        """
        if not self.path.exists():
            return 0, 0.0
        state = self._read()
        stored = state["settings"]
        different = [
            f"{name} was {stored.get(name)!r} and is {self.settings.get(name)!r}"
            for name in sorted({*stored, *self.settings})
            if stored.get(name) != self.settings.get(name)
        ]
        if different:
            raise CheckpointError(
                f"checkpoint {self.path} belongs to another run: {'; '.join(different)}. "
                "Delete it or choose another file"
            )
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        losses.copy_(state["losses"])
        _restore_random_state(state["random"])
        return state["step"], state["seconds"]

    def _read(self) -> dict[str, Any]:
        cause: Exception | None = None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            if state["format"] == FORMAT:
                return state
        except PermissionError:
            raise
        except Exception as error:  # zip, pickle and torch each have their own for damaged files
            cause = error
        raise CheckpointError(
            f"checkpoint {self.path} is damaged, or is no checkpoint of this book. "
            "Delete it to train from the beginning"
        ) from cause


def _random_state() -> dict[str, Any]:
    """The states of Python's, NumPy's and torch's generators, as plain lists and tensors."""
    kind, keys, *position = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": [kind, [int(key) for key in keys], *position],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _restore_random_state(state: Mapping[str, Any]) -> None:
    random.setstate(state["python"])
    kind, keys, *position = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *position))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
