"""The sizes of a network, checked before anything is built from them."""

from collections.abc import Iterable
from typing import Any


def check_sizes(config: Any, names: Iterable[str]) -> None:
    """ValueError when a size of `config` cannot be.

    Each of `names` is at least 1, d_model a multiple of n_heads (if it has any), dropout in [0, 1).
    """
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(config, name)}")
    if config.d_model % getattr(config, "n_heads", 1):
        raise ValueError(f"d_model {config.d_model} is not divisible by n_heads {config.n_heads}")
    if not 0 <= config.dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), got {config.dropout}")
