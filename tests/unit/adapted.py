"""Tiny classifiers for the tests of what is added to a model, and `peft`'s models beside them."""

import copy

import peft
import pytest
import torch
import transformers

from lmcourse.models.classifier import SentenceClassifier

BESIDE_PEFT = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing`:FutureWarning"  # peft asks for the old name
)
IDS = torch.tensor([[2, 9, 8, 3], [2, 3, 0, 0]])  # [B, T]
MASK = (IDS != 0).long()


def tiny(seed=0, width=16):
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        attn_implementation="eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    encoder = transformers.BertModel(config, add_pooling_layer=False)
    return SentenceClassifier(encoder, 2, dropout=0.0).eval()


def scrambled(model, seed=1):
    """The model with numbers drawn for everything that it trains."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.trained_parameters.values():
            p.copy_(0.3 * torch.randn(p.shape, generator=generator))
    return model


def theirs(encoder, config):
    """`peft`'s model around a copy of the encoder."""
    return peft.get_peft_model(copy.deepcopy(encoder), config).eval()


def through(encoder, head, **inputs):
    """Scores from a peft model's hidden states: formula (2) of the fine-tuning chapter."""
    hidden = encoder(input_ids=IDS, attention_mask=MASK, **inputs).last_hidden_state
    rows = [h[:n].mean(dim=0) for h, n in zip(hidden, MASK.sum(dim=1), strict=True)]
    return head(torch.stack(rows))
