"""Several trainings of Llamas of one size as one: every weight has the runs as a dimension.

A small model keeps a GPU busy for microseconds a kernel. Here K runs share the kernels; nothing
else: each has its own sentences, its own seed, dropout and rate, its own loss, and its slopes are
clipped by their own norm. The model is `lmcourse.models.llama.Llama` as
`lmcourse.weights.llama_recipe.fresh` begins it, and a step is that of
`lmcourse.training.bf16.fit_bf16`: a bf16 copy computes, Muon and AdamW move fp32 weights.
tests/unit/test_benchmarks.py compares both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lmcourse.models.positions import angles
from lmcourse.training.loop import schedule

ROTARY_BASE, EPS = 1000.0, 1e-5
WARMUP, DECAY, CLIP = 0.03, 0.1, 1.0
MOMENTUM, NEWTON_SCHULZ = 0.95, (3.4445, -4.7750, 2.0315)  # of torch.optim.Muon
BETAS, ADAM_EPS = (0.9, 0.95), 1e-8
Weights = dict[str, Tensor]
MATRICES = ("qkv", "projection", "gate_up", "down")


@dataclass(frozen=True)
class Size:
    """The sizes of a Llama whose heads share nothing."""

    n_layers: int
    d_model: int
    n_heads: int
    d_hidden: int

    @property
    def parameters(self) -> int:
        """Numbers in its blocks: neither the table of symbols nor the last norm."""
        C, H = self.d_model, self.d_hidden
        return self.n_layers * (4 * C * C + 3 * C * H + 2 * C)


def fresh(size: Size, vocab_size: int, seeds: Sequence[int]) -> Weights:
    """First weights of one model a seed, in fp32: [K, …], those of the blocks [L, K, …]."""
    L, C, H = size.n_layers, size.d_model, size.d_hidden
    inside, ends = 0.5 / math.sqrt(C), 0.5 / math.sqrt(2 * L * C)
    shapes = {
        "tokens": ((vocab_size, C), 0.02),
        "qkv": ((L, 3, C, C), inside),
        "projection": ((L, C, C), ends),
        "gate_up": ((L, 2, H, C), inside),
        "down": ((L, C, H), ends),
    }
    drawn: dict[str, list[Tensor]] = {name: [] for name in shapes}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        for name, (shape, std) in shapes.items():
            drawn[name].append(torch.randn(shape, generator=generator) * std)
    K = len(seeds)
    weights = {name: torch.stack(some, run_dimension(name)) for name, some in drawn.items()}
    ones = {"norm_1": (L, K, 1, C), "norm_2": (L, K, 1, C), "norm": (K, 1, C)}
    return weights | {name: torch.ones(shape) for name, shape in ones.items()}


def logits_of(weights: Weights, size: Size, ids: Tensor, keep: Tensor | None = None) -> Tensor:
    """ids [K, B, T] to fp32 logits [K, B, T, V]; `keep` [2L, K, 1 or B·T, C] scales parts."""
    K, B, T = ids.shape
    C, H, d = size.d_model, size.d_hidden, size.d_model // size.n_heads
    table = weights["tokens"]  # [K, V, C]
    symbols = torch.arange(table.shape[1], device=ids.device)
    x = (ids.reshape(K, B * T, 1) == symbols).to(table.dtype) @ table  # [K, B·T, C]
    cos, sin = angles(torch.empty(T, d, device=ids.device), 0, ROTARY_BASE)  # [T, d/2]
    cos, sin = (torch.cat([part, part], -1)[:, None, None] for part in (cos, sin))
    layers = [weights[name].unbind(0) for name in (*MATRICES, "norm_1", "norm_2")]
    for i, (qkv, projection, gate_up, down, norm_1, norm_2) in enumerate(zip(*layers, strict=True)):
        normed = F.rms_norm(x, (C,), eps=EPS) * norm_1  # [K, B·T, C]
        three = normed @ qkv.reshape(K, 3 * C, C).mT  # [K, B·T, 3C]
        three = three.view(K * B, T, 3, size.n_heads, d)
        pair, value = three[:, :, :2], three[:, :, 2]
        first, second = pair.chunk(2, -1)
        turned = pair * cos + torch.cat([-second, first], -1) * sin  # [K·B, T, 2, heads, d]
        query, key = turned.to(x.dtype).unbind(2)  # [K·B, T, heads, d]
        heads = (part.transpose(1, 2) for part in (query, key, value))
        mixed = F.scaled_dot_product_attention(*heads, is_causal=True)  # [K·B, heads, T, d]
        part = mixed.transpose(1, 2).reshape(K, B * T, C) @ projection.mT
        x = x + part if keep is None else torch.addcmul(x, part, keep[2 * i])
        normed = F.rms_norm(x, (C,), eps=EPS) * norm_2
        gate, up = (normed @ gate_up.reshape(K, 2 * H, C).mT).chunk(2, -1)  # [K, B·T, H]
        part = (F.silu(gate) * up) @ down.mT
        x = x + part if keep is None else torch.addcmul(x, part, keep[2 * i + 1])
    x = F.rms_norm(x, (C,), eps=EPS) * weights["norm"]
    return (x.float() @ table.float().mT).view(K, B, T, -1)


def surprises(logits: Tensor, targets: Tensor) -> Tensor:
    """Surprise in nats of each target [K, B, T]; 0 where it is -100."""
    found = F.cross_entropy(logits.flatten(0, 2), targets.flatten(), reduction="none")
    return found.view_as(targets)


class Training:
    """K models of one size and their optimizers."""

    def __init__(
        self,
        size: Size,
        weights: Weights,
        *,
        steps: int,
        dropouts: Sequence[float],
        matrix_rates: Sequence[float],
        learning_rates: Sequence[float],
        device: torch.device,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        """`dropouts` and rates are of each run; `dtype` is that of the copy which computes."""
        self.size, self.steps, self.done = size, steps, 0
        self.weights = {name: weight.to(device, copy=True) for name, weight in weights.items()}
        self.copies = {name: w.to(dtype, copy=True) for name, w in self.weights.items()}
        for copied in self.copies.values():
            copied.requires_grad_()
        self.means = {name: torch.zeros_like(w) for name, w in self.weights.items()}
        self.squares = {
            name: torch.zeros_like(w) for name, w in self.weights.items() if name not in MATRICES
        }
        self.dropouts = torch.tensor(dropouts, device=device)[:, None, None]  # [K, 1, 1]
        self.matrix_rates = torch.tensor(matrix_rates, device=device)
        self.learning_rates = torch.tensor(learning_rates, device=device)
        self.drops = max(dropouts) > 0

    def step(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """One step on inputs and targets [K, B, T]; the loss of each run in nats, [K]."""
        keep = None
        if self.drops:
            K, B, T = inputs.shape
            shape = 2 * self.size.n_layers, K, B * T, self.size.d_model
            random = torch.rand(shape, device=inputs.device)
            keep = (random >= self.dropouts) / (1 - self.dropouts)
            keep = keep.to(self.copies["tokens"].dtype)
        found = surprises(logits_of(self.copies, self.size, inputs, keep), targets)
        losses = found.sum((1, 2)) / (targets >= 0).sum((1, 2)).clamp(min=1)  # [K]
        slopes = torch.autograd.grad(losses.sum(), list(self.copies.values()))
        self._move(dict(zip(self.copies, (slope.float() for slope in slopes), strict=True)))
        return losses.detach()

    @torch.no_grad()
    def _move(self, slopes: Weights) -> None:
        factor = schedule(self.done, self.steps, WARMUP)
        self.done += 1
        total = sum(_by_run(slope.square(), name) for name, slope in slopes.items())  # [K]
        assert isinstance(total, Tensor)
        clipped = (CLIP / (total.sqrt() + 1e-6)).clamp(max=1.0)
        for name, weight in self.weights.items():
            slope = slopes[name] * _as_runs(clipped, name, weight)
            mean = self.means[name]
            if name in MATRICES:
                rate = _as_runs(self.matrix_rates * factor, name, weight)
                mean.lerp_(slope, 1 - MOMENTUM)
                update = orthogonal(slope.lerp(mean, MOMENTUM))
                tall = math.sqrt(max(1, weight.shape[-2] / weight.shape[-1]))
                weight.mul_(1 - rate * DECAY).sub_(update * (rate * tall))
            else:
                rate = _as_runs(self.learning_rates * factor, name, weight)
                mean.lerp_(slope, 1 - BETAS[0])
                square = (
                    self.squares[name].mul_(BETAS[1]).addcmul_(slope, slope, value=1 - BETAS[1])
                )
                unbiased = [1 - beta**self.done for beta in BETAS]
                size = (square / unbiased[1]).sqrt_().add_(ADAM_EPS)
                weight.sub_(mean / size * (rate / unbiased[0]))
            self.copies[name].copy_(weight)


def orthogonal(matrices: Tensor) -> Tensor:
    """Muon's five Newton–Schulz steps on each of the matrices [..., A, B], in bf16."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = (matrices.mT if tall else matrices).bfloat16().flatten(0, -3)
    x = x / x.flatten(1).norm(dim=1)[:, None, None].clamp(min=1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    x = x.unflatten(0, matrices.shape[:-2])
    return x.mT if tall else x


def run_dimension(name: str) -> int:
    """Where the runs stand in a weight: behind the layers, if it has layers."""
    return 0 if name in ("tokens", "norm") else 1


def _by_run(values: Tensor, name: str) -> Tensor:
    """The sum over all dimensions but that of the runs: [K]."""
    return values.movedim(run_dimension(name), 0).flatten(1).sum(1)


def _as_runs(values: Tensor, name: str, weight: Tensor) -> Tensor:
    """Values [K], shaped to multiply a weight."""
    shape = [1] * weight.dim()
    shape[run_dimension(name)] = -1
    return values.view(shape)


@torch.no_grad()
def nats(weights: Weights, size: Size, rows: Tensor, lengths: Sequence[int]) -> Tensor:
    """Surprise in nats of each row: float64 [K, N].

    `rows` [N, W + 1] end in -100 behind their `lengths`, and stand with the shortest first.
    """
    K, found = weights["tokens"].shape[0], []
    for start in range(0, len(rows), 50):
        some = rows[start : start + 50, : max(lengths[start : start + 50])]
        inputs, targets = some[:, :-1].clamp(min=0), some[:, 1:]
        each = [part.expand(K, -1, -1).contiguous() for part in (inputs, targets)]
        found.append(surprises(logits_of(weights, size, each[0]), each[1]).double().sum(2))
    return torch.cat(found, 1)
