"""Recurrent networks: the plain RNN (Elman 1990), the LSTM (Hochreiter & Schmidhuber 1997) with its
forget gate (Gers et al. 2000), and the GRU (Cho et al. 2014).

`neural/recurrent` teaches them. A layer is written twice: `Recurrent.loop` is one `step` after the
other, in the open; `Recurrent.forward` is PyTorch's fused loop over the same weights. Their names
and their layout are those of `torch.nn.RNN`, `LSTM` and `GRU`.
"""

import contextlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.errors import unknown
from lmcourse.models.sizes import check_sizes

GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # how many matrices of each kind a layer stacks


@dataclass(frozen=True)
class RecurrentConfig:
    """The sizes of a recurrent language model."""

    vocab_size: int
    kind: str = "lstm"
    n_layers: int = 1
    d_embedding: int = 64
    d_model: int = 150  # numbers in the state of each layer
    dropout: float = 0.0  # of what enters a layer and of what leaves the last
    weight_drop: float = 0.0  # of the entries of the matrices from state to state

    def __post_init__(self) -> None:
        if self.kind not in GATES:
            raise unknown("kind", self.kind, GATES)
        check_sizes(self, ("vocab_size", "n_layers", "d_embedding", "d_model"))
        if not 0 <= self.weight_drop < 1:
            raise ValueError(f"weight_drop must be in [0, 1), got {self.weight_drop}")


def rnn_step(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, d: Tensor) -> Tensor:
    """The state after reading x [B, D] in the state h [B, H]: tanh(W x + b + U h + d)."""
    return torch.tanh(x @ W.T + b + h @ U.T + d)


def gru_step(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, d: Tensor) -> Tensor:
    """The same for a GRU: W [3H, D] and U [3H, H] hold reset, update and candidate."""
    read = (x @ W.T + b).chunk(3, dim=-1)  # three of [B, H]
    kept = (h @ U.T + d).chunk(3, dim=-1)  # three of [B, H]
    reset = torch.sigmoid(read[0] + kept[0])
    update = torch.sigmoid(read[1] + kept[1])
    candidate = torch.tanh(read[2] + reset * kept[2])
    return update * h + (1 - update) * candidate


def lstm_step(
    x: Tensor, state: tuple[Tensor, Tensor], W: Tensor, U: Tensor, b: Tensor, d: Tensor
) -> tuple[Tensor, Tensor]:
    """The same for an LSTM, whose state is (h, c); W [4H, D], U [4H, H]: i, f, candidate, o."""
    h, c = state
    i, f, g, o = (x @ W.T + b + h @ U.T + d).chunk(4, dim=-1)  # four of [B, H]
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class Recurrent(nn.Module):
    """One layer: vectors [B, T, D] to states [B, T, H], each made from the one before.

    A `state` is what was left by an earlier piece of the text: [B, H], for an LSTM two of them.
    """

    def __init__(self, kind: str, d_input: int, d_model: int, weight_drop: float = 0.0) -> None:
        """Raises ValueError for an unknown kind or a size below 1."""
        super().__init__()
        if kind not in GATES:
            raise unknown("kind", kind, GATES)
        if d_input < 1 or d_model < 1:
            raise ValueError(f"sizes must be at least 1, got {d_input} and {d_model}")
        self.kind, self.d_model, self.weight_drop = kind, d_model, weight_drop
        rows = GATES[kind] * d_model
        self.weight_ih_l0 = nn.Parameter(torch.empty(rows, d_input))
        self.weight_hh_l0 = nn.Parameter(torch.empty(rows, d_model))
        self.bias_ih_l0 = nn.Parameter(torch.empty(rows))
        self.bias_hh_l0 = nn.Parameter(torch.empty(rows))
        self._initialise()

    def _initialise(self) -> None:
        """Orthogonal matrices from state to state; the forget gate of an LSTM starts open."""
        bound = 1 / math.sqrt(self.weight_ih_l0.shape[1])
        nn.init.uniform_(self.weight_ih_l0, -bound, bound)
        for block in self.weight_hh_l0.detach().split(self.d_model):
            nn.init.orthogonal_(block)
        nn.init.zeros_(self.bias_ih_l0)
        nn.init.zeros_(self.bias_hh_l0)
        if self.kind == "lstm":  # Gers et al. 2000; Jozefowicz et al. 2015
            nn.init.ones_(self.bias_ih_l0.detach()[self.d_model : 2 * self.d_model])

    def start(self, x: Tensor) -> tuple[Tensor, ...]:
        """The empty state before a batch x [B, T, D]."""
        zeros = x.new_zeros(len(x), self.d_model, dtype=self.weight_hh_l0.dtype)
        return (zeros, zeros) if self.kind == "lstm" else (zeros,)

    def weights(self) -> list[Tensor]:
        """W, U, b, d; in training some entries of U are 0 (DropConnect, as Merity et al. 2018)."""
        U = F.dropout(self.weight_hh_l0, self.weight_drop, self.training)
        return [self.weight_ih_l0, U, self.bias_ih_l0, self.bias_hh_l0]

    def loop(
        self, x: Tensor, state: tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The states [B, T, H] and the last state: the definition, one step after the other."""
        state, weights, states = self.start(x) if state is None else state, self.weights(), []
        for x_t in x.unbind(1):  # [B, D]
            if self.kind == "lstm":
                state = lstm_step(x_t, (state[0], state[1]), *weights)
            else:
                step = rnn_step if self.kind == "rnn" else gru_step
                state = (step(x_t, state[0], *weights),)
            states.append(state[0])
        return torch.stack(states, 1), state

    def forward(
        self, x: Tensor, state: tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The same by PyTorch's fused loop. On a GPU never in 16 bits: slopes would be lost."""
        state = tuple(part[None] for part in (self.start(x) if state is None else state))
        rest = (self.weights(), True, 1, 0.0, self.training, False, True)
        with contextlib.ExitStack() as stack:
            if x.is_cuda:
                stack.enter_context(torch.autocast("cuda", enabled=False))
                stack.enter_context(warnings.catch_warnings())  # weights need not lie side by side
                warnings.simplefilter("ignore", UserWarning)
                x = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
            if self.kind == "lstm":
                states, *last = torch.lstm(x, state, *rest)
            else:
                fused = torch.gru if self.kind == "gru" else torch.rnn_tanh
                states, *last = fused(x, state[0], *rest)
        return states, tuple(part[0] for part in last)


def locked_dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """x [B, T, C] with some channels of each text at 0, the same at all its places.

    Gal & Ghahramani 2016: a new mask at each place would disturb what the state carries.
    """
    if not training or p == 0:
        return x
    return x * F.dropout(x.new_ones(len(x), 1, x.shape[-1]), p)


class RecurrentLM(nn.Module):
    """A language model with a state: embeddings, recurrent layers, a linear map to logits."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_embedding)
        nn.init.normal_(self.tokens.weight)
        widths = [config.d_embedding] + [config.d_model] * config.n_layers
        self.layers = nn.ModuleList(
            Recurrent(config.kind, d_input, config.d_model, config.weight_drop)
            for d_input in widths[:-1]
        )
        self.output = nn.Linear(config.d_model, config.vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 / math.sqrt(config.d_model))
        nn.init.zeros_(self.output.bias)

    def read(
        self, ids: Tensor, states: Sequence[tuple[Tensor, ...]] | None = None
    ) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
        """ids [B, T] to logits [B, T, V], and the state of each layer after the last of them.

        `states` are those after an earlier piece of the same texts; without them it starts anew.
        """
        x, last = self.tokens(ids), []  # [B, T, E]
        for number, layer in enumerate(self.layers):
            x = locked_dropout(x, self.config.dropout, self.training)
            x, state = layer(x, None if states is None else states[number])  # [B, T, H]
            last.append(state)
        x = locked_dropout(x, self.config.dropout, self.training)
        with torch.autocast(x.device.type, enabled=False):
            return self.output(x.float() if x.dtype != torch.float64 else x), last

    def forward(self, ids: Tensor) -> Tensor:
        """ids [B, T] to logits [B, T, V]; logits[:, t] are for position t + 1."""
        return self.read(ids)[0]


def in_windows(model: RecurrentLM, ids: Tensor, window: int) -> Tensor:
    """The logits [B, T, V] of ids [B, T], read in windows that slopes do not leave.

    The state goes on from window to window; the way back ends where its window begins (truncated
    backpropagation through time, Williams & Peng 1990). ValueError for a window below 1.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    logits, states = [], None
    for piece in ids.split(window, dim=1):  # [B, window]
        said, last = model.read(piece, states)
        states = [tuple(part.detach() for part in state) for state in last]
        logits.append(said)
    return torch.cat(logits, 1)
