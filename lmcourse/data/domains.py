"""Rated sentences that are not of film reviews: products, tweets and editorials."""

from __future__ import annotations

import html
from functools import cache
from typing import TYPE_CHECKING, Any

from lmcourse.data import archive
from lmcourse.data.reviews import NEUTRAL, load_reviews
from lmcourse.data.splits import SHARED_RUN, dataset, digest, near_duplicate_groups
from lmcourse.errors import unknown
from lmcourse.text.characters import fold_ascii

if TYPE_CHECKING:
    from datasets import DatasetDict

_FILES = {
    "products": "amazonReviewSnippets",
    "tweets": "tweets",
    "editorials": "nytEditorialSnippets",
}
DOMAINS = tuple(_FILES)
TASKS = ("binary", "text")

CARD = f"""**Rated sentences of three other kinds.** Sentences of product reviews (3,708 from 300
reviews of five electronic products), tweets (4,200, said to be "inspired by" public ones, about 200
of them made up to test the rating of emphasis) and newspaper editorials (5,190 from 498 articles),
each rated by at least 20 people from −4 to 4, in the same archive and on the same scale as the film
reviews (Hutto & Gilbert 2014, MIT licence; `vaderSentiment` 3.3.2). Folded to ASCII. Of sentences
that share {SHARED_RUN} consecutive words, and of chains of such, the first is kept; one that is
also a film sentence is left out. A review or an article lies in one split. Labels: positive from
{NEUTRAL}, negative from −{NEUTRAL}."""


def load_domain(name: str, task: str = "binary") -> DatasetDict:
    """Sentences of one of `DOMAINS` with columns `text`, `score`, `document` and perhaps `label`.

    Splits are train, validation and test, by document, the number of the review or article that a
    sentence is from (a tweet is a document of its own), so that no document is in two of them.
    `task`: "binary" as in `load_reviews` (0 negative, 1 positive, neutral sentences left out), or
    "text" (no label, all sentences). There is no other source: the hub is not asked.

    Raises:
        ValueError: unknown name or task.
        AssetError: the data cannot be fetched.
    """
    if name not in DOMAINS:
        raise unknown("domain", name, DOMAINS)
    if task not in TASKS:
        raise unknown("task", task, TASKS)
    splits = _split(name)
    if task == "binary":
        splits = {
            split: [
                row | {"label": int(row["score"] > 0)}
                for row in rows
                if abs(row["score"]) >= NEUTRAL
            ]
            for split, rows in splits.items()
        }
    return dataset(splits)


@cache
def _split(name: str, test: int = 1_500, validation: int = 500) -> dict[str, list[dict[str, Any]]]:
    documents: dict[int, list[dict[str, Any]]] = {}
    for row in _first_of_each(_read(name)):
        documents.setdefault(row["document"], []).append(row)
    splits: dict[str, list[dict[str, Any]]] = {"train": [], "validation": [], "test": []}
    for rows in sorted(documents.values(), key=lambda rows: digest(rows[0]["text"])):
        if len(splits["test"]) + len(rows) <= test:
            splits["test"] += rows
        elif len(splits["validation"]) + len(rows) <= validation:
            splits["validation"] += rows
        else:
            splits["train"] += rows
    return splits


def _first_of_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without near-duplicates of earlier ones and without film sentences."""
    films = {text.lower() for part in load_reviews("text").values() for text in part["text"]}
    seen, kept = set(), []
    groups = near_duplicate_groups([row["text"] for row in rows])
    for row, group in zip(rows, groups, strict=True):
        if group not in seen and row["text"].lower() not in films:
            kept.append(row)
        seen.add(group)
    return kept


def _read(name: str) -> list[dict[str, Any]]:
    return [
        {
            "text": fold_ascii(html.unescape(html.unescape(text))),  # some twice
            "score": score,
            "document": int(key.partition("_")[0]),
        }
        for key, score, text in archive.rated(_FILES[name])
    ]
