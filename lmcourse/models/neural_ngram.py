"""The neural n-gram of Bengio et al. (2003): a window of symbols, a hidden layer, the next one."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.models.sizes import check_sizes


@dataclass(frozen=True)
class NeuralNGramConfig:
    """Sizes of a neural n-gram; ValueError for impossible ones."""

    vocab_size: int
    order: int  # symbols with the one that is predicted; at least 2
    d_model: int = 32  # numbers that stand for a symbol
    d_hidden: int = 512
    dropout: float = 0.0  # of the hidden layer, in training

    def __post_init__(self) -> None:
        check_sizes(self, ("vocab_size", "d_model", "d_hidden"))
        if self.order < 2:
            raise ValueError(f"order must be at least 2, got {self.order}")


class NeuralNGram(nn.Module):
    """logits = U·tanh(W·[e₁ … eₙ₋₁] + b) + c, with e the vectors of the n − 1 symbols before.

    Taught by `neural/neural_ngram`. Equation (1) of Bengio et al. (2003), without the direct
    connections that they left out of half of their experiments. A text may be shorter than the
    window or empty, and a vocabulary may have one symbol, which then is certain.
    """

    def __init__(self, config: NeuralNGramConfig) -> None:
        super().__init__()
        self.config = config
        window = (config.order - 1) * config.d_model
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.hidden = nn.Linear(window, config.d_hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.d_hidden, config.vocab_size)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.bias)

    def activations(self, ids: Tensor) -> Tensor:
        """The hidden layer [B, T, d_hidden] at every place of ids [B, T]; each sees n − 1 ids.

        Before the first id stand zeros, the boundary, as many as a window needs; T may be 0.
        """
        padded = F.pad(ids, (self.config.order - 1, 0))  # [B, T + n - 1]
        windows = padded.unfold(1, self.config.order - 1, 1)  # [B, T + 1, n - 1]
        windows = windows[:, 1:]  # [B, T, n - 1], without the one that ends before ids[:, 0]
        return self.hidden(self.embedding(windows).flatten(2)).tanh()

    def forward(self, ids: Tensor) -> Tensor:
        """Logits [B, T, V] of what follows each id of ids [B, T]."""
        return self.output(self.dropout(self.activations(ids)))
