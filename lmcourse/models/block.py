"""The parts of a Llama block that are not attention; `transformer/block` builds them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """x / √(mean(x²) + eps) · weight, without a mean and a bias (Zhang and Sennrich 2019)."""

    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d_model)), eps

    def forward(self, x: Tensor) -> Tensor:  # [..., d_model] to the same shape
        exact = x.to(torch.promote_types(x.dtype, torch.float32))
        scale = exact.square().mean(dim=-1, keepdim=True).add(self.eps).rsqrt()  # [..., 1]
        return (exact * scale).to(x.dtype) * self.weight


class SwiGLU(nn.Module):
    """down(silu(gate(x)) · up(x)): a feed-forward layer with a gate (Shazeer 2020)."""

    def __init__(self, d_model: int, d_hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(d_model, d_hidden, bias=False)
        self.up = nn.Linear(d_model, d_hidden, bias=False)
        self.down = nn.Linear(d_hidden, d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [..., d_model] to the same shape
        return self.down(F.silu(self.gate(x)) * self.up(x))
