"""A pretrained encoder with a linear layer on the mean of its token vectors.

`bert/finetune_sentiment` teaches it, and compares it on validation with BERT's usual head, the
encoder's first position behind a pooler.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lmcourse.models import pretrained

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

HEAD = "head.safetensors"  # beside what `save_pretrained` writes for encoder and tokenizer
AS_TRAINED = {  # how `bert/finetune_sentiment` loads the encoder
    "dtype": "float32",
    "add_pooling_layer": False,
    "attn_implementation": "eager",
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


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


def fresh(num_outputs: int, seed: int) -> SentenceClassifier:
    """The pretrained encoder under a fresh head drawn from `seed`, in evaluation mode.

    Without dropout in the encoder, attention in plain products, and with word embeddings, half of
    all weights, that take no gradient. ValueError for `num_outputs` below 1.
    """
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(pretrained.encoder_folder(), **AS_TRAINED)
    encoder.embeddings.word_embeddings.requires_grad_(False)
    torch.manual_seed(seed)
    return SentenceClassifier(encoder, num_outputs).eval()


def mean_of_tokens(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean [B, d_model] of the vectors [B, T, d_model] where the mask [B, T] is one.

    A row without a real token has a mean of zero.
    """
    real = attention_mask[..., None].to(hidden.dtype)  # [B, T, 1]
    total = torch.where(real > 0, hidden, 0).sum(dim=1)  # [B, d_model]
    return total / real.sum(dim=1).clamp(min=1)


def save(
    model: SentenceClassifier, tokenizer: PreTrainedTokenizerBase, folder: str | os.PathLike[str]
) -> None:
    """Writes encoder and tokenizer as transformers does, and the head beside them."""
    from safetensors.torch import save_file

    model.encoder.save_pretrained(folder)  # type: ignore
    tokenizer.save_pretrained(folder)
    head = {name: value.cpu().contiguous() for name, value in model.head.state_dict().items()}
    save_file(head, Path(folder, HEAD))


def load(folder: str | os.PathLike[str]) -> tuple[PreTrainedTokenizerBase, SentenceClassifier]:
    """Tokenizer and model that `save` wrote, in evaluation mode, on the CPU.

    Raises:
        ValueError: the folder does not hold such a model: it is missing or incomplete, its encoder
            is no BERT, its weights are not those that its configuration describes, or its head
            belongs to an encoder of another width. Nothing is filled up with fresh weights.
    """
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoTokenizer

    for name in ("config.json", "model.safetensors", "tokenizer.json", HEAD):
        if not Path(folder, name).is_file():
            raise ValueError(f"{folder} holds no saved SentenceClassifier: {name} is missing")
    kind = json.loads(Path(folder, "config.json").read_text(encoding="utf8")).get("model_type")
    if kind != "bert":
        raise ValueError(f"{folder} holds a model of type {kind!r}, not 'bert'")
    try:
        encoder, report = AutoModel.from_pretrained(
            folder, dtype="float32", add_pooling_layer=False, output_loading_info=True
        )
    except RuntimeError as error:  # shapes that differ
        raise ValueError(f"the weights in {folder} do not fit its config.json") from error
    if wrong := sorted([*report["missing_keys"], *report["unexpected_keys"]]):
        raise ValueError(f"the weights in {folder} do not fit its config.json: {wrong[0]}")
    head = load_file(Path(folder, HEAD))
    width = encoder.config.hidden_size
    if head["weight"].shape[1] != width:
        raise ValueError(
            f"the head in {folder} is for vectors of {head['weight'].shape[1]} numbers, "
            f"its encoder gives {width}"
        )
    model = SentenceClassifier(encoder, len(head["weight"]))
    model.head.load_state_dict(head)
    return AutoTokenizer.from_pretrained(folder), model.eval()
