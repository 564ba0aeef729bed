"""Rotary position embedding (Su et al. 2021, "RoFormer"); `transformer/positions` builds it."""

import torch
from torch import Tensor


def rotate(x: Tensor, start: int = 0, base: float = 10_000.0) -> Tensor:
    """Turns each pair of numbers of a query or key by an angle that grows with its position.

    `x` [..., T, d] stands at positions start, start + 1, …; component i is paired with i + d/2 (as
    in the Llama of transformers; Meta's own code pairs neighbours) and turned by
    position · base^(−2i/d) radians, computed in fp32 at least. Dot products of turned vectors
    depend on the two positions by their difference alone.

    Raises:
        ValueError: odd d, negative start, or a base that is not positive.
    """
    return turn(x, *angles(x, start, base))


def angles(x: Tensor, start: int = 0, base: float = 10_000.0) -> tuple[Tensor, Tensor]:
    """Cosine and sine [T, d/2] of what `rotate` turns `x` by; `turn` uses them as often as needed.

    Raises what `rotate` does.
    """
    T, d = x.shape[-2:]
    if d % 2:
        raise ValueError(f"x has an odd width of {d}; rotary turns pairs of numbers")
    if start < 0 or base <= 0:
        raise ValueError(f"start must be at least 0 and base positive, got {start} and {base}")
    exact = torch.promote_types(x.dtype, torch.float32)
    pair = torch.arange(0, d, 2, device=x.device, dtype=exact)  # [d/2]
    position = torch.arange(start, start + T, device=x.device, dtype=exact)  # [T]
    angle = position[:, None] * base ** (-pair / d)  # [T, d/2]
    return angle.cos(), angle.sin()


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The pairs of `x` [..., T, d] turned by angles of this cosine and sine [T, d/2]."""
    first, second = x.to(cos.dtype).chunk(2, dim=-1)  # [..., T, d/2] each
    turned = torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
    return turned.to(x.dtype)  # [..., T, d]
