"""A pretrained encoder with a linear layer on the mean of its token vectors.

`bert/finetune_sentiment` teaches it, and shows that on validation it does better than BERT's usual
head, the encoder's first position behind a pooler.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SentenceClassifier(nn.Module):
    """One score a class (or one score) from the mean vector of a text's real tokens."""

    def __init__(self, encoder: nn.Module, num_outputs: int, dropout: float = 0.1) -> None:
        """The encoder as it is, and a fresh layer drawn from torch's global generator.

        Args:
            encoder: a model of transformers, with `config.hidden_size` and an output
                `last_hidden_state`; load it with `add_pooling_layer=False`, a pooler is not used.
            num_outputs: scores a text; ValueError below 1.
            dropout: share of the mean vector that is set to zero in training.
        """
        super().__init__()
        if num_outputs < 1:
            raise ValueError(f"num_outputs must be at least 1, not {num_outputs}")
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, num_outputs)  # type: ignore

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Scores [B, num_outputs] of padded ids [B, T].

        `attention_mask` [B, T] is one (or True) at real tokens and zero at padding;
        `token_type_ids` [B, T] tell the two texts of a pair apart, None means one text.
        """
        options = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **options)
        mean = mean_of_tokens(encoded.last_hidden_state, attention_mask)  # [B, d_model]
        return self.head(self.dropout(mean))


def mean_of_tokens(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean [B, d_model] of the vectors [B, T, d_model] where the mask [B, T] is one.

    A row without a real token has a mean of zero.
    """
    real = attention_mask[..., None].to(hidden.dtype)  # [B, T, 1]
    total = torch.where(real > 0, hidden, 0).sum(dim=1)  # [B, d_model]
    return total / real.sum(dim=1).clamp(min=1)
