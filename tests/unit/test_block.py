"""RMS norm and SwiGLU against torch and against a direct formula."""

import torch
import torch.nn.functional as F
from torch import nn

from lmcourse.models.block import RMSNorm, SwiGLU


def test_rms_norm_is_that_of_torch() -> None:
    ours, torchs = RMSNorm(6, eps=1e-6).double(), nn.RMSNorm(6, eps=1e-6).double()
    weight = torch.randn(6, dtype=torch.float64)
    for norm in (ours, torchs):
        norm.load_state_dict({"weight": weight})
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(ours(x), torchs(x))


def test_rms_norm_squares_in_fp32() -> None:
    large = torch.full((1, 4), 1000.0, dtype=torch.float16)  # its square is no fp16 number
    normed = RMSNorm(4).half()(large)
    assert normed.dtype == torch.float16
    torch.testing.assert_close(normed, torch.ones_like(large))


def test_swiglu_is_the_product_of_a_gate_and_a_value() -> None:
    layer = SwiGLU(4, 7).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    gate, up, down = (part.weight for part in (layer.gate, layer.up, layer.down))
    expected = torch.zeros(3, 4, dtype=torch.float64)
    for n in range(3):
        for h in range(7):
            z = gate[h] @ x[n]
            expected[n] += z * torch.sigmoid(z) * (up[h] @ x[n]) * down[:, h]
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer(x), F.linear(F.silu(x @ gate.T) * (x @ up.T), down))
