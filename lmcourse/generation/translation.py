"""What an `EncoderDecoder` writes about a source: greedily for many, with a beam for one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lmcourse.models.encoder_decoder import EncoderDecoder
from lmcourse.text.batches import pad


def sources(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of ids as ids [B, S], padded with 0, and what is real: bool [B, S]."""
    padded = pad(rows, -1)  # [B, S]
    return padded.clamp(min=0), padded >= 0


@torch.no_grad()
def greedy(
    model: EncoderDecoder, rows: Sequence[Sequence[int]], *, boundary: int = 0, max_new: int = 64
) -> list[list[int]]:
    """The likeliest symbol again and again, for each row of source ids: ids without boundaries.

    Args:
        model: in evaluation mode, on any device.
        rows: may be empty; then the model writes as the language model that it is without a source.
        boundary: the id that opens a text and, written by the model, closes it.
        max_new: a text that has not been closed after so many ids is cut there.

    Raises:
        ValueError: ids out of range, a row above `longest`, or a max_new that is above it or below
            zero.
    """
    _check(model, max_new)
    device = model.target_tokens.weight.device
    source, mask = (part.to(device) for part in sources(rows))  # [B, S] each
    memory = model.encode(source, mask)  # [B, S, C]
    written = torch.full((len(rows), 1), boundary, device=device)  # [B, 1]
    open_rows = torch.arange(len(rows), device=device)
    for _ in range(max_new):
        if not len(open_rows):
            break
        logits, _ = model.decode(written[open_rows], memory[open_rows], mask[open_rows])
        new = logits[:, -1].argmax(-1)  # [number of open rows]
        column = torch.full((len(rows), 1), boundary, device=device)  # [B, 1]
        column[open_rows, 0] = new
        written = torch.cat([written, column], dim=1)
        open_rows = open_rows[new != boundary]
    return [_until(row[1:], boundary) for row in written.tolist()]


@torch.no_grad()
def beam(
    model: EncoderDecoder,
    row: Sequence[int],
    width: int,
    *,
    boundary: int = 0,
    max_new: int = 64,
) -> tuple[list[int], float]:
    """The best text that a beam finds for one row of source ids, and its score.

    The score is the mean log-probability of the ids written, the closing one included: a sum would
    prefer short texts. After each id the likeliest beginnings are kept, by their sum, at first
    `width` of them, and one fewer for each that is closed; at max_new open ones count as they are.
    Width 1 is greedy.

    Args: as for `greedy`. ValueError as there, and for a width below 1.
    """
    _check(model, max_new)
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    device = model.target_tokens.weight.device
    source, mask = (part.to(device) for part in sources([row]))  # [1, S] each
    memory = model.encode(source, mask)  # [1, S, C]
    written = torch.full((1, 1), boundary, device=device)  # [W, 1]
    sums = torch.zeros(1, device=device)  # [W]
    closed: list[tuple[float, list[int]]] = []
    for length in range(1, max_new + 1):
        W = len(written)
        logits, _ = model.decode(written, memory.expand(W, -1, -1), mask.expand(W, -1))
        totals = sums[:, None] + logits[:, -1].log_softmax(-1)  # [W, V]
        best, places = totals.flatten().topk(min(width - len(closed), totals.numel()))
        parents, new = places // totals.shape[1], places % totals.shape[1]  # [W'] each
        ends = new == boundary
        for total, parent in zip(best[ends].tolist(), parents[ends].tolist(), strict=True):
            closed.append((total / length, written[parent, 1:].tolist()))
        written = torch.cat([written[parents], new[:, None]], dim=1)[~ends]
        sums = best[~ends]
        if not len(written):
            break
    else:
        for total, ids in zip(sums.tolist(), written.tolist(), strict=True):
            closed.append((total / max(max_new, 1), ids[1:]))
    score, ids = max(closed, key=lambda pair: pair[0])
    return ids, score


def _until(ids: list[int], boundary: int) -> list[int]:
    return ids[: ids.index(boundary)] if boundary in ids else ids


def _check(model: EncoderDecoder, max_new: int) -> None:
    if not 0 <= max_new <= model.config.longest:
        raise ValueError(f"max_new must be 0 to longest {model.config.longest}, got {max_new}")
