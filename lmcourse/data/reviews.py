"""The film reviews: the text on which every model of the book is measured."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmcourse.data import download
from lmcourse.data.catalogue import REVIEWS
from lmcourse.data.source import ask_hub
from lmcourse.data.splits import OPEN_RUN, SHARED_RUN, dataset, digest, near_duplicate_groups
from lmcourse.errors import unknown
from lmcourse.text.characters import fold_ascii

if TYPE_CHECKING:
    from datasets import DatasetDict

TASKS = ("binary", "three", "score", "text")
NEUTRAL = 0.5  # mean ratings closer to zero than this count as neutral

_REVIEWS_FILE = "movieReviewSnippets_GroundTruth.txt"

CARD = f"""**Film-review sentences.** 10,605 sentences cut from reviews on a public
film-review site, each rated by about 20 people for how positive it is, from −4 to 4; the score is
their mean. Source: the data that accompanies VADER (Hutto & Gilbert 2014), MIT licence, from the
source package `vaderSentiment` 3.3.2. The texts are folded to ASCII (a handful of accents and
typographic signs). Labels: positive from {NEUTRAL}, negative from −{NEUTRAL}, neutral between.
Sentences that share {SHARED_RUN} consecutive words, or {OPEN_RUN} with one exception, are never in
different splits. English only, of one site and one period: expect less elsewhere."""


def load_reviews(task: str = "binary") -> DatasetDict:
    """Film-review sentences with columns `text`, `score` and, except for "text", `label`.

    The split of the sentences is the same for every task, so a model trained on one task has not
    seen the test sentences of another. `task` decides the label: "binary" (0 negative,
    1 positive; neutral sentences left out), "three" (0 negative, 1 neutral, 2 positive), "score"
    (the mean rating in −4…4), "text" (no label, all sentences). With `LMCOURSE_SOURCE=hub` the
    binary task comes from IMDB: whole reviews, whose score is −4 or 4. Nothing else does, since
    IMDB has no graded ratings, and language models are compared on one text.

    Raises:
        ValueError: unknown task, or an unknown `LMCOURSE_SOURCE`.
        AssetError: the data cannot be fetched.
    """
    if task not in TASKS:
        raise unknown("task", task, TASKS)
    if task == "binary" and (imdb := ask_hub(REVIEWS, _imdb)) is not None:
        return imdb
    keep = _LABELS[task]
    splits = {
        split: [row | label for row in rows if (label := keep(row["score"])) is not None]
        for split, rows in _split_reviews().items()
    }
    return dataset(splits)


def _binary(score: float) -> dict[str, Any] | None:
    return None if abs(score) < NEUTRAL else {"label": int(score > 0)}


def _three(score: float) -> dict[str, Any]:
    return {"label": 1 if abs(score) < NEUTRAL else 2 * int(score > 0)}


_LABELS: dict[str, Callable[[float], dict[str, Any] | None]] = {
    "binary": _binary,
    "three": _three,
    "score": lambda score: {"label": score},
    "text": lambda score: {},
}


@cache
def _split_reviews(test: int = 2_000, validation: int = 1_000) -> dict[str, list[dict[str, Any]]]:
    rows = _read_reviews(download.file(REVIEWS, "hutto_ICWSM_2014.tar.gz"))
    groups = near_duplicate_groups([row["text"] for row in rows])
    members: dict[int, list[dict[str, Any]]] = {}
    for row, group in zip(rows, groups, strict=True):
        members.setdefault(group, []).append(row)
    ordered = sorted(members.values(), key=lambda group: digest(group[0]["text"]))
    splits: dict[str, list[dict[str, Any]]] = {"test": [], "validation": [], "train": []}
    for group_rows in ordered:
        if len(splits["test"]) + len(group_rows) <= test:
            splits["test"] += group_rows
        elif len(splits["validation"]) + len(group_rows) <= validation:
            splits["validation"] += group_rows
        else:
            splits["train"] += group_rows
    return {
        split: [row | {"text": html.unescape(row["text"])} for row in splits[split]]
        for split in ("train", "validation", "test")
    }


def _read_reviews(archive: Path) -> list[dict[str, Any]]:
    import tarfile

    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith("/" + _REVIEWS_FILE))
        file = tar.extractfile(member)
        assert file is not None
        lines = file.read().decode("utf8").splitlines()
    parts = (line.split("\t") for line in lines if line)
    return [{"text": fold_ascii(text), "score": float(score)} for _, score, text in parts]


def _imdb(repository: str, revision: str) -> DatasetDict:
    from datasets import DatasetDict, Value, load_dataset

    raw = load_dataset(repository, revision=revision)
    held_out = raw["train"].train_test_split(test_size=0.1, seed=0, stratify_by_column="label")
    splits = DatasetDict(
        train=held_out["train"], validation=held_out["test"], test=raw["test"]
    ).cast_column("label", Value("int64"))
    return splits.map(lambda row: {"score": 8.0 * row["label"] - 4.0})
