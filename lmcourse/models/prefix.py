"""Prefix tuning: learned keys and values before the text's own (Li & Liang 2021).

`bert/parameter_efficient` teaches it beside LoRA.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from lmcourse.models.adapted import Adapted, limited
from lmcourse.models.classifier import SentenceClassifier, mean_of_tokens


class Prefix(Adapted):
    """A classifier in every layer of which each token also attends to learned positions.

    The keys and values themselves are learned. (The paper trains them through a second network,
    which it drops afterwards.)
    """

    def __init__(
        self,
        classifier: SentenceClassifier,
        length: int = 16,
        first_position: int = 0,
        std: float = 0.02,
        seed: int = 0,
    ) -> None:
        """A prefix for a BERT.

        Args:
            classifier: its encoder is frozen.
            length: learned positions a layer; ValueError unless from 1 to one less than the
                encoder's context.
            first_position: where the text's own positions begin; 0 as in pretraining, `length` as
                `peft` has it. The context must hold this, or the prefix, and the text.
            std: standard deviation of the numbers drawn at first.
            seed: draws them.
        """
        config = cast(Any, classifier.encoder).config
        self_context = int(config.max_position_embeddings)
        limited("length", length, self_context - 1, "one less than the context")
        super().__init__(classifier, length=length, first_position=first_position)
        self.context, self.first_position = self_context, first_position
        heads, width = config.num_attention_heads, config.hidden_size
        size = (config.num_hidden_layers, 2, heads, length, width // heads)
        drawn = torch.randn(size, generator=torch.Generator().manual_seed(seed))
        self.prefix = nn.Parameter(std * drawn)  # [layers, key or value, heads, L, d_head]

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Scores [B, K] of padded ids [B, T], the mask [B, T] one at real tokens.

        ValueError when prefix and text together are longer than the context.
        """
        from transformers import DynamicCache

        length, (batch, tokens) = self.prefix.shape[3], ids.shape
        before = max(length, self.first_position)
        if before + tokens > self.context:
            raise ValueError(
                f"length {before} of the prefix and {tokens} tokens exceed "
                f"the context of {self.context}"
            )
        past = DynamicCache()
        for layer, (key, value) in enumerate(self.prefix):
            shape = (batch, -1, -1, -1)  # the same for each text
            past.update(key.expand(shape), value.expand(shape), layer)
        positions = torch.arange(tokens, device=ids.device)[None] + self.first_position
        encoded = self.classifier.encoder(
            input_ids=ids,
            attention_mask=torch.cat([mask.new_ones(batch, length), mask], dim=1),
            position_ids=positions,
            past_key_values=past,
        )
        mean = mean_of_tokens(encoded.last_hidden_state, mask)  # [B, d]
        return self.classifier.head(self.classifier.dropout(mean))
