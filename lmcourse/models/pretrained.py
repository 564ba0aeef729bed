"""Pretrained models with their tokenizers, from the package index or, when asked, from the hub.

Each function raises AssetError when the weights cannot be fetched, and ValueError for an unknown
`LMCOURSE_SOURCE`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lmcourse.data import download
from lmcourse.data.catalogue import CAUSAL_LM, ENCODER, Asset
from lmcourse.data.source import ask_hub
from lmcourse.errors import unknown

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PROBLEMS = ("regression", "single_label_classification", "multi_label_classification")


def encoder() -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """A pretrained BERT encoder, without a head.

    From the package index: all-MiniLM-L6-v2 (6 layers, width 384, 12 heads, uncased WordPiece with
    30,522 tokens). From the hub: bert-base-uncased (12 layers, width 768).
    """
    from transformers import AutoModel

    return _load(ENCODER, AutoModel.from_pretrained)


def encoder_folder() -> Path:
    """The folder with the encoder's files, as the `from_pretrained` of transformers wants it.

    It holds config.json, model.safetensors and the tokenizer's files; from the package index, or
    from the hub, as `encoder` has it.
    """
    _quiet()
    return Path(_locate(ENCODER)[0])


def classifier(
    num_labels: int, seed: int, problem_type: str | None = None
) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """The encoder with a fresh classification head whose weights are drawn from `seed`.

    Args:
        num_labels: outputs of the head; 1 with `problem_type="regression"` predicts a score.
        seed: seeds torch's global generator, from which the head is drawn.
        problem_type: as in transformers; it decides the loss that the model computes itself.

    Raises:
        ValueError: `num_labels` below 1 or unknown `problem_type`.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    if num_labels < 1:
        raise ValueError(f"num_labels must be at least 1, not {num_labels}")
    if problem_type is not None and problem_type not in PROBLEMS:
        raise unknown("problem_type", problem_type, PROBLEMS)

    def load(*args: Any, **options: Any) -> Any:
        torch.manual_seed(seed)
        return AutoModelForSequenceClassification.from_pretrained(
            *args, num_labels=num_labels, problem_type=problem_type, **options
        )

    return _load(ENCODER, load)


def causal_lm() -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """SmolLM2-135M-Instruct, a Llama-type decoder, with weights in fp32.

    From the package index the weights are 4-bit (GGUF, Q4_1) and are expanded while loading.
    """
    import accelerate  # noqa: F401  transformers needs it and gguf to read GGUF
    from transformers import AutoModelForCausalLM

    read_gguf_once()
    tokenizer, model = _load(CAUSAL_LM, AutoModelForCausalLM.from_pretrained)
    if tokenizer.pad_token is None:  # transformers 5.17 reads none from a GGUF file
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model


def read_gguf_once() -> None:
    """Let transformers load a GGUF file in a quarter of the time; a second call changes nothing.

    It reads the header of the file three times and draws up the table of names anew for each of the
    model's modules; here the last of each is remembered. The reader cuts its bytes into hundreds of
    thousands of pieces, which NumPy does faster with a plain array than with a memory map.
    """
    import gguf

    if hasattr(gguf.GGUFReader, "cache_info"):
        return

    class Reader(gguf.GGUFReader):
        @property
        def data(self) -> Any:
            return self._bytes

        @data.setter
        def data(self, mapped: Any) -> None:
            self._bytes = mapped.view(np.ndarray)

    own: dict[str, Any] = {"GGUFReader": Reader, "get_tensor_name_map": gguf.get_tensor_name_map}
    for name, found in own.items():
        setattr(gguf, name, functools.lru_cache(maxsize=1)(found))


def _load(
    asset: Asset, load_model: Callable[..., Any]
) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Tokenizer and model in evaluation mode; falls back to the packaged weights, and says so."""
    from transformers import AutoTokenizer

    _quiet()
    where, options = _locate(asset)
    tokenizer = AutoTokenizer.from_pretrained(where, **options)
    model = load_model(where, dtype="float32", **options)
    return tokenizer, model.eval()


def _locate(asset: Asset) -> tuple[str | Path, dict[str, Any]]:
    if (snapshot := ask_hub(asset, _snapshot)) is not None:
        return snapshot, {}
    if asset == CAUSAL_LM:
        file = download.file(asset, "*.gguf")
        return file.parent, {"gguf_file": file.name}
    return download.file(asset, "config.json").parent, {}


def _snapshot(repository: str, revision: str) -> str:
    from huggingface_hub import snapshot_download

    return snapshot_download(
        repository,
        revision=revision,
        allow_patterns=["*.json", "*.txt", "*.safetensors"],
    )


def _quiet() -> None:
    """Keep loading bars and reports on unused heads out of the stored outputs."""
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
