"""Who depends on whom: poke one symbol of a text, and see which outputs move."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


@torch.no_grad()
def movement(function: Callable[[Tensor], Tensor], x: Tensor, poke: Tensor) -> Tensor:
    """[rows, T]: how far row t of `function(x)` moves when `poke` [d] is added to x[s].

    `transformer/attention` teaches it. A large number proves dependence, a small one only a small
    dependence for this text and this poke. Poke an untrained model in a random direction: a norm
    takes away what is the same everywhere.

    Args:
        function: gives [rows, …] for a text [T, d], and draws nothing at random.
        x: the text [T, d]; it is not changed.
        poke: what is added to one of its rows after the other.

    Returns:
        The largest absolute change among the numbers of a row; infinity where it is not a number.
    """
    before, columns = function(x), []
    for s in range(len(x)):
        poked = x.clone()
        poked[s] += poke
        change = (function(poked) - before).abs()  # [rows, …]
        columns.append(change.reshape(len(change), -1).amax(dim=1))  # [rows]
    return torch.stack(columns, dim=1).nan_to_num(nan=torch.inf, posinf=torch.inf)
