"""Exercise checkers of bert/finetune_sentiment."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def discordant(discordant: Any) -> None:
    """Right: only sentences that exactly one of the two gets right carry evidence."""
    truth = np.array([0, 1, 2, 0, 1, 2, 2, 0, 1])
    first = np.array([0, 1, 2, 0, 0, 0, 2, 1, 2])
    second = np.array([1, 1, 0, 2, 1, 1, 2, 2, 2])
    result = tuple(int(count) for count in discordant(first, second, truth))
    if len(result) != 2:
        raise Mistake("Return two counts: first alone right, second alone right.")
    if result == (1, 3):
        raise Mistake("The order is b, c: first alone right, then second alone right.")
    if sum(result) == int(np.sum(first != second)):
        raise Mistake("Where both answers are wrong they can differ too; such a sentence is a tie.")
    if result == (5, 3):
        raise Mistake("You counted all that each gets right; leave out those both get right.")
    if result != (3, 1):
        raise Mistake("b: the first is right and the second wrong; c: the other way round.")


@exercise
def mean_pool(mean_pool: Any) -> None:
    """Right: the sum over real tokens divided by their number."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(3, 5, 4, generator=generator)  # [B, T, d_model]
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])  # [B, T]
    total = (hidden * mask[..., None]).sum(dim=1)  # [B, d_model]
    result = mean_pool(hidden, mask)
    if same(result, hidden.mean(dim=1)):
        raise Mistake("Padding is in your mean: multiply by the mask before you sum.")
    if same(result, total / mask.shape[1]):
        raise Mistake("You divide by T: each row has its own number of real tokens.")
    if same(result, total / mask.sum()):
        raise Mistake("You divide by the real tokens of the whole batch; count them in each row.")
    if same(result, total):
        raise Mistake("That is the sum; divide each row by its number of real tokens.")
    if not same(result, total / mask.sum(dim=1, keepdim=True)):
        raise Mistake("The values differ from the mean over each row's real tokens.")


@exercise
def weighted(weighted_cross_entropy: Any) -> None:
    """Right: the weighted surprises are divided by the sum of their weights."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 3, generator=generator)  # [B, K]
    labels, weights = torch.tensor([0, 2, 1, 0, 2, 2]), torch.tensor([1.0, 10.0, 0.5])
    surprise = F.cross_entropy(logits, labels, reduction="none")  # [B]
    result = weighted_cross_entropy(logits, labels, weights)
    if same(result, surprise.mean()):
        raise Mistake("The weights have no effect: look up the weight of each label.")
    if same(result, (weights[labels] * surprise).mean()):
        raise Mistake("You divide by B: then larger weights also mean a larger learning rate.")
    if same(result, (weights[labels] * surprise).sum()):
        raise Mistake("That is the sum; divide it by the sum of the weights of this batch.")
    if same(result, (weights[labels] * surprise).sum() / weights.sum()):
        raise Mistake("Divide by the weights of the batch's labels, not of the classes.")
    if not same(result, F.cross_entropy(logits, labels, weight=weights)):
        raise Mistake("The value differs from the weighted mean of the surprises.")


@exercise
def budget(by_budget: Any) -> None:
    """Right: every sentence once, in batches of few sentences when they are long."""
    lengths = [7, 30, 4, 12, 25, 9, 5, 11, 28, 6, 8, 3]
    result = [[int(i) for i in batch] for batch in by_budget(lengths, 60)]
    if sorted(i for batch in result for i in batch) != list(range(len(lengths))):
        if sorted(i for batch in result for i in batch) == sorted(lengths):
            raise Mistake("Your batches hold the lengths: return the numbers of the sentences.")
        raise Mistake("Every sentence must come exactly once; is the last batch still in hand?")
    if not all(result):
        raise Mistake("One of the batches is empty.")
    costs = [len(batch) * max(lengths[i] for i in batch) for batch in result]
    if max(costs) > 60:
        if all(sum(lengths[i] for i in batch) <= 60 for batch in result):
            raise Mistake("You added up lengths; padded, a batch costs size times the longest.")
        raise Mistake("A batch exceeds the budget: its size times its longest length.")
    if sum(costs) > 190:
        raise Mistake("Much is still padding: go through the sentences in order of length.")
    if len(result) > 4:
        raise Mistake("More batches than needed: fill each one up before you open the next.")
