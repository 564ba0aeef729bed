"""Wrong answers of bert/parameter_efficient: exercise, answer, a piece of what is said of it."""

import torch


def _parts(change):
    return torch.linalg.svd(change, full_matrices=False)


def _without_sizes(change, k):
    U, _, V = _parts(change)
    return U[:, :k] @ V[:k]


def _smallest(change, k):
    U, S, V = (part[..., :4] if part.dim() < 2 else part for part in _parts(change))
    return U[:, :4][:, -k:] * S[-k:] @ V[:4][-k:]


def _first_columns(change, k):
    return torch.cat([change[:, :k], torch.zeros_like(change[:, k:])], dim=1)


def _in_place(W, A, B, alpha):
    W += alpha / len(A) * B @ A
    return W


MISTAKES = [
    (1, lambda: 308, "whole number"),
    (1, lambda: 307.2, "whole number"),
    (1, lambda: 384, "the largest rank that W can have"),
    (1, lambda: 153.6, "each is counted once"),
    (1, lambda: 192, "square matrix"),
    (1, lambda: 16, "Solve"),
    (2, lambda a, b: (True, True), "product with the other's zero"),
    (2, lambda a, b: (not a, not b), "other way round"),
    (2, lambda a, b: (not (a and b), not (a and b)), "has no slope yet"),
    (2, lambda a, b: (False, False), "whether nudging"),
    (2, lambda a, b: not b, "two truth values"),
    (3, lambda W, A, B, alpha: W + alpha * B @ A, "Divide alpha"),
    (3, lambda W, A, B, alpha: W + B @ A, "is missing"),
    (3, lambda W, A, B, alpha: W + alpha / A.shape[1] * B @ A, "not of its columns"),
    (3, lambda W, A, B, alpha: W + alpha / len(B) * B @ A, "not of the rows of B"),
    (3, lambda W, A, B, alpha: alpha / len(A) * B @ A, "change alone"),
    (3, lambda W, A, B, alpha: W - alpha / len(A) * B @ A, "differs"),
    (3, _in_place, "changed W itself"),
    (4, _without_sizes, "singular values are missing"),
    (4, _smallest, "smallest parts"),
    (4, lambda change, k: change, "Nothing was cut"),
    (4, _first_columns, "not the nearest"),
    (4, lambda change, k: change[:, :k], "The shape"),
]
