"""Muon for the matrices of a network's blocks, AdamW for everything else, as one optimizer."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


class MuonAdamW(torch.optim.Optimizer):
    """`torch.optim.Muon` (Jordan et al. 2024) and `torch.optim.AdamW`, side by side.

    Muon replaces a matrix of slopes by the nearest one whose singular values are all about 1, which
    makes sense for what multiplies vectors; tables of embeddings, output layers, norms and biases
    are AdamW's (β 0.9 and 0.95, no decay).
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        others: Iterable[Tensor],
        *,
        matrix_rate: float,
        learning_rate: float,
        weight_decay: float,
    ) -> None:
        """`weight_decay` is of the matrices; ValueError when one has not two dimensions."""
        matrices, others = list(matrices), list(others)
        super().__init__([*matrices, *others], {})
        self.parts = (
            torch.optim.Muon(matrices, lr=matrix_rate, weight_decay=weight_decay),
            torch.optim.AdamW(
                others, lr=learning_rate, weight_decay=0.0, betas=(0.9, 0.95), fused=True
            ),
        )
        self.rates = matrix_rate, learning_rate

    def scale(self, factor: float) -> None:
        """Sets both learning rates to `factor` times what they were at first."""
        for part, rate in zip(self.parts, self.rates, strict=True):
            for group in part.param_groups:
                group["lr"] = rate * factor

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of both."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Puts back what `state_dict` gave."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)


def split_matrices(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The weights of linear layers inside `model.blocks`, and all other parameters."""
    inside = {
        layer.weight
        for layer in model.get_submodule("blocks").modules()
        if isinstance(layer, nn.Linear)
    }
    every = list(model.parameters())
    return [p for p in every if p in inside], [p for p in every if p not in inside]
