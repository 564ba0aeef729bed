"""A classifier whose encoder is frozen and who learns few numbers beside it, and its small file.

`bert/parameter_efficient` teaches it; `lora`, `adalora`, `adapter` and `prefix` are the kinds.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from lmcourse.models.classifier import SentenceClassifier


class Adapted(nn.Module):
    """`model(ids, mask)` as a `SentenceClassifier`, of which only the head is trained."""

    def __init__(self, classifier: SentenceClassifier, **settings: Any) -> None:
        """Freezes the encoder of `classifier`, which is used and not copied.

        `settings` say how the additions are made; the small file keeps them.
        """
        super().__init__()
        self.base = fingerprint(classifier.encoder)
        self.settings = {"kind": type(self).__name__, **settings}
        classifier.encoder.requires_grad_(False)
        self.classifier = classifier

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Scores [B, K] of padded ids [B, T], the mask [B, T] one at real tokens."""
        return self.classifier(ids, mask)

    @property
    def trained_parameters(self) -> dict[str, nn.Parameter]:
        """Those that take a gradient, the head's among them, by name."""
        return {name: p for name, p in self.named_parameters() if p.requires_grad}

    @property
    def added(self) -> int:
        """How many trained numbers there are beside the head's."""
        head = sum(p.numel() for p in self.classifier.head.parameters())
        return sum(p.numel() for p in self.trained_parameters.values()) - head

    def save(self, file: str | os.PathLike[str]) -> None:
        """Writes the trained numbers, the settings and what the base model is."""
        from safetensors.torch import save_file

        numbers = {name: p.detach().cpu() for name, p in self.trained_parameters.items()}
        words = {"base": self.base, "settings": json.dumps(self.settings)}
        save_file({name: x.contiguous() for name, x in numbers.items()}, file, words)

    def load(self, file: str | os.PathLike[str]) -> None:
        """Takes over the trained numbers that `save` wrote, of the same settings and base model.

        Raises:
            ValueError: there is no such file, or it is for another base model, for other settings
                or for another head; the message names both. Nothing is changed then.
        """
        from safetensors import safe_open

        if not Path(file).is_file():
            raise ValueError(f"there is no file {file}")
        with safe_open(file, "pt") as opened:
            words = opened.metadata() or {}
            numbers = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        if (base := words.get("base")) != self.base:
            raise ValueError(f"{file} is for the base model {base}, this one is {self.base}")
        if (settings := json.loads(words["settings"])) != self.settings:
            raise ValueError(f"{file} was saved with {settings}, this model has {self.settings}")
        mine = self.trained_parameters
        theirs, ours = _shapes(numbers), _shapes(mine)
        if theirs != ours:
            raise ValueError(f"{file} holds {theirs}, this model trains {ours}")
        with torch.no_grad():
            for name, p in mine.items():
                p.copy_(numbers[name])


def linear_layers(
    encoder: nn.Module, names: tuple[str, ...], rank: int = 1
) -> dict[str, nn.Linear]:
    """The linear layers whose name ends in one of `names`.

    ValueError when there is none, or unless 1 ≤ rank ≤ the smaller side of each.
    """
    found = {
        name: module
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in names
    }
    if not found:
        raise ValueError(f"the encoder has no linear layer with a name in {names}")
    for linear in found.values():
        side = min(linear.in_features, linear.out_features)
        limited("rank", rank, side, "the smaller side of the matrix")
    return found


def replaced(encoder: nn.Module, names: tuple[str, ...], new: Any) -> dict[str, nn.Module]:
    """Puts `new(linear)` in the place of each of the `linear_layers`; the new ones by name."""
    found = linear_layers(encoder, names)
    made = {name: cast(nn.Module, new(linear)) for name, linear in found.items()}
    for name, module in made.items():
        parent, _, own = name.rpartition(".")
        setattr(encoder.get_submodule(parent), own, module)
    return made


def limited(name: str, value: int, highest: int, what: str) -> None:
    """ValueError, naming the limits, unless `value` is a whole number from 1 to `highest`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= highest:
        raise ValueError(f"{name} must be a whole number from 1 to {highest} ({what}), not {value}")


def fingerprint(encoder: nn.Module) -> str:
    """What an encoder is, in words, with a hash of all its weights."""
    config, digest = cast(Any, encoder).config, hashlib.sha256()
    for name, value in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    size = f"{config.num_hidden_layers} layers of width {config.hidden_size}"
    return f"{config.model_type}, {size}, weights {digest.hexdigest()[:12]}"


def _shapes(values: Any) -> dict[str, list[int]]:
    return {name: list(value.shape) for name, value in sorted(values.items())}
