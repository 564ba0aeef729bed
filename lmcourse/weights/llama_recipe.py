"""How the book trains a Llama on the reviews within two hours of two cores."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse import session
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import nll
from lmcourse.models.llama import Llama, LlamaConfig
from lmcourse.text.batches import IGNORED, Rows, batches
from lmcourse.training.best import BestWeights
from lmcourse.training.bf16 import fit_bf16
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.weights import on_reviews

LOOKS = 10  # at validation; the weights of the best are kept


def fresh(config: LlamaConfig) -> Llama:
    """A model whose matrices keep about half the size of what they multiply.

    Those that end a part are smaller still, by the root of the number of parts.
    """
    model = Llama(config)
    for name, weight in model.blocks.named_parameters():  # type: ignore[attr-defined]
        if weight.dim() == 2:
            ends = name.endswith(("projection.weight", "down.weight"))
            parts = 2 * config.n_layers if ends else 1
            nn.init.normal_(weight, std=0.5 / math.sqrt(config.d_model * parts))
    return model


def few_shapes(inputs: Tensor, targets: Tensor, multiple: int = 16) -> tuple[Tensor, Tensor]:
    """A batch padded to a length that is a multiple: each new length costs memory in oneDNN."""
    more = -inputs.shape[1] % multiple
    return F.pad(inputs, (0, more)), F.pad(targets, (0, more), value=IGNORED)


def train(
    name: str,
    command: str,
    config: LlamaConfig,
    training: dict[str, Any],
    rows: Rows,
    validation: Rows,
    n_chars: Sequence[int],
    *,
    run: session.Session,
    folder: Path,
    progress: Path,
    **more: Any,
) -> None:
    """Trains on `rows` and writes the weights and their recipe, with `more` in it, into `folder`.

    `command` is what the recipe says how to make them.
    The looks measure bits per character: `n_chars` is of each row of `validation`, its end counted.
    `progress` is the file from which an interrupted run goes on; at the end it is removed.
    """
    model = fresh(config)
    batch_at = batches(rows, training["batch_size"], run.seed)
    settings = {key: value for key, value in training.items() if key != "batch_size"}
    best = BestWeights(
        model,
        lambda: bits_per_char(nll(model, validation), n_chars),
        steps=training["steps"],
        looks=min(LOOKS, training["steps"]),
        checkpoint=progress,
    )
    used = time.process_time()
    history = fit_bf16(
        model,
        next_symbol_loss,
        lambda step: few_shapes(*batch_at(step)),
        session=run,
        label=name,
        checkpoint=progress,
        checkpoint_every=100,
        on_step=best,
        **settings,
    )
    used = time.process_time() - used
    best.restore()
    recipe = on_reviews.made(command, run, history.seconds, best.curve) | {
        "training": training,
        "precision": "bf16, fp32 weights",
        "cpu_seconds": round(used),
        "best_step": best.best_step,
    }
    on_reviews.finish(folder, name, model, config, validation, n_chars, recipe | more)
    on_reviews.remove(progress)
