"""Weights that come with the package: fp16 safetensors, each beside its recipe in JSON."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from lmcourse import weights
from lmcourse.errors import unknown
from lmcourse.files import replacing

Model = TypeVar("Model", bound=nn.Module)


def command_line(name: str, description: str | None, steps: int) -> argparse.ArgumentParser:
    """The options of a command that makes weights: seed, steps, and where its files go."""
    parser = argparse.ArgumentParser(
        prog=f"python -m lmcourse.weights.{name}", description=description
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(__file__).parent,
        help="where the weights go (default: into the package)",
    )
    parser.add_argument(
        "--progress",
        type=Path,
        default=Path(f"{name}.pt"),
        help="file from which an interrupted run goes on",
    )
    return parser


def save(folder: Path, name: str, model: nn.Module, config: Any, recipe: dict[str, Any]) -> None:
    """Writes `name`.safetensors, the weights in fp16, and `name`.json, `config` and `recipe`.

    `config` is the dataclass that the model was built from.
    """
    from safetensors.torch import save

    half = {key: value.cpu().half().contiguous() for key, value in model.state_dict().items()}
    text = json.dumps({"config": asdict(config), **recipe}, indent=1, sort_keys=True)
    with replacing(folder / f"{name}.safetensors") as file:
        file.write(save(half))
    with replacing(folder / f"{name}.json") as file:
        file.write((text + "\n").encode())


def load(
    name: str, build: Callable[[dict[str, Any]], Model], folder: Path | None = None
) -> tuple[Model, dict[str, Any]]:
    """A stored model in evaluation mode, fp32 on the CPU, and its recipe.

    `build` makes the model from the stored configuration. Without `folder`, one that comes with
    the package. ValueError names those that there are.
    """
    from safetensors.torch import load

    stored = resources.files(weights) if folder is None else folder
    names = sorted(
        file.name.removesuffix(".json") for file in stored.iterdir() if file.name.endswith(".json")
    )
    if name not in names:
        raise unknown("stored weights", name, names)
    recipe = json.loads((stored / f"{name}.json").read_text(encoding="utf8"))
    model = build(recipe["config"])
    half = load((stored / f"{name}.safetensors").read_bytes())
    model.load_state_dict({key: value.float() for key, value in half.items()})
    return model.eval(), recipe
