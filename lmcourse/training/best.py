"""The weights that did best on validation, kept while training goes on."""

import math
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from lmcourse.files import replacing


class BestWeights:
    """Called after each step: measures when it is time, and keeps the weights that do best.

    `curve` holds what was measured, by the number of updates made; smaller is better.
    """

    def __init__(
        self,
        model: nn.Module,
        measure: Callable[[], float],
        *,
        steps: int,
        looks: int,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> None:
        """Looks `looks` times at equal distances, last after all `steps`.

        `checkpoint` is the training's own (see `lmcourse.training.loop.fit`); the best weights so
        far stand in a second file beside it, so that an interrupted run goes on with them.
        ValueError when looks is less than 1 or more than steps.
        """
        if not 1 <= looks <= steps:
            raise ValueError(f"looks must be from 1 to steps ({steps}), got {looks}")
        self.model, self.measure = model, measure
        self.at = {steps * (look + 1) // looks for look in range(looks)}
        self.curve: dict[int, float] = {}
        self.weights: dict[str, Tensor] = {}
        self.file: Path | None = None
        if checkpoint is not None:
            self.file = Path(f"{os.fspath(checkpoint)}.best")
            if Path(checkpoint).exists() and self.file.exists():
                state = torch.load(self.file, weights_only=True)
                self.curve, self.weights = state["curve"], state["weights"]

    @property
    def best_step(self) -> int:
        """After how many steps the kept weights were reached: the first among equals."""
        return min(self.curve, key=lambda step: self._rank(self.curve[step]))

    def __call__(self, step: int) -> None:
        """Measures after `step` updates if it is time."""
        if step not in self.at:
            return
        self.curve[step] = self.measure()
        if step == self.best_step:
            self.weights = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        if self.file is not None:
            with replacing(self.file) as file:
                torch.save({"curve": self.curve, "weights": self.weights}, file)

    @staticmethod
    def _rank(value: float) -> float:
        return value if math.isfinite(value) else math.inf

    def restore(self) -> None:
        """Puts the kept weights into the model."""
        self.model.load_state_dict(self.weights)
