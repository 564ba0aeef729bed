"""Asking a causal language model for a label: a template, and one word a class.

`bert/few_labels` teaches it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lmcourse.text.batches import by_length, pad

PLACE = "{text}"  # where the text goes


def filled_in(template: str, text: str) -> str:
    """`template` with `text` in its one place; ValueError when it has none, or several."""
    if template.count(PLACE) != 1:
        raise ValueError(
            f"template must hold {PLACE} exactly once, and holds it "
            f"{template.count(PLACE)} times: {template!r}"
        )
    return template.replace(PLACE, text)


def label_ids(tokenizer: Any, words: Sequence[str]) -> list[int]:
    """The id of each label word.

    Raises:
        TypeError: `words` is one string.
        ValueError: fewer than two words, one of several pieces (or none), or two with the same id.
            A word that follows a space is another piece than one that does not.
    """
    if isinstance(words, str):
        raise TypeError("words is one string; give one label word a class")
    if len(words) < 2:
        raise ValueError(f"words must name at least two classes, not {list(words)}")
    cut = {word: tokenizer(word, add_special_tokens=False)["input_ids"] for word in words}
    single = [word for word, ids in cut.items() if len(ids) == 1]
    for word, ids in cut.items():
        if len(ids) != 1:
            pieces = tokenizer.convert_ids_to_tokens(ids)
            raise ValueError(
                f"words: {word!r} is {len(ids)} pieces {pieces}, and a label word must be one; "
                f"of those given, these are: {single}"
            )
    found = [cut[word][0] for word in words]
    if len({*found}) < len(found):
        raise ValueError(f"words: two classes have the same word in {list(words)}")
    return found


@torch.inference_mode()
def class_log_probabilities(
    model: Any,
    tokenizer: Any,
    template: str,
    words: Sequence[str],
    texts: Sequence[str],
    batch_size: int = 16,
) -> Tensor:
    """Natural log of P(word | template with text) [N, K], among all pieces of the vocabulary.

    What all prompts begin with (instructions, examples that are shown) is computed once.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        template: what the model reads, with `{text}` where the text goes.
        words: K label words, each a single piece.
        texts: N texts; an empty one is asked like any other.

    Raises:
        TypeError, ValueError: what `filled_in`, `label_ids` and `by_length` refuse; no texts; or a
            prompt that is longer than the model's context.
    """
    chosen = label_ids(tokenizer, words)
    rows = tokenizer([filled_in(template, text) for text in texts])["input_ids"] if texts else []
    if not rows:
        raise ValueError("texts is empty: nothing to ask about")
    longest, limit = max(map(len, rows)), model.config.max_position_embeddings
    if longest > limit:
        raise ValueError(f"a prompt has {longest} tokens, the model reads at most {limit}")
    shared = _shared(rows)
    start = None
    if shared:
        opening = torch.tensor([rows[0][:shared]], device=model.device)  # [1, P]
        start = model(input_ids=opening, use_cache=True, logits_to_keep=1).past_key_values
    groups = by_length([len(row) for row in rows], batch_size)
    found = []
    for group in groups:
        ends = [rows[i][shared:] for i in group]
        last = torch.tensor([len(end) - 1 for end in ends], device=model.device)  # [B]
        past = copy.deepcopy(start)
        if past is not None:
            past.batch_repeat_interleave(len(group))
        # What is to the right of a real token does not reach it, so padding needs no mask.
        states = model.base_model(
            input_ids=pad(ends, 0).to(model.device),  # [B, T]
            past_key_values=past,
            use_cache=past is not None,
        ).last_hidden_state  # [B, T, d]
        at_end = states[torch.arange(len(group), device=model.device), last]  # [B, d]
        logits = model.get_output_embeddings()(at_end).float()  # [B, V]
        found.append(logits.log_softmax(dim=-1)[:, chosen].cpu())
    place = np.argsort(np.concatenate(groups))  # where each row has gone
    return torch.cat(found)[place]


def _shared(rows: Sequence[Sequence[int]]) -> int:
    """How many first ids all rows have in common, so that each keeps at least one of its own."""
    most = min(map(len, rows)) - 1
    first = rows[0][:most]
    for row in rows[1:]:
        first = first[: next((i for i, id in enumerate(first) if row[i] != id), len(first))]
    return len(first)
