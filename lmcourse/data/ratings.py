"""The single ratings behind the scores of the film reviews: who disagreed, and how far."""

from __future__ import annotations

import html
import tarfile
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from lmcourse.data import download
from lmcourse.data.catalogue import REVIEWS
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import dataset
from lmcourse.text.characters import fold_ascii

if TYPE_CHECKING:
    from datasets import DatasetDict

SHEET = 30  # consecutive sentences of the source that were rated by the same people

CARD = f"""**Single ratings of the film-review sentences.** Whole numbers from −4 to 4, 15 to 29 for
each sentence, 18 in the median (the description in the archive says at least 20, which is true
of a third of them). Source and licence as of the film reviews. The people are anonymous. Sentences
came to them in sheets of {SHEET}: within a sheet every sentence has equally many ratings, and the
ratings at one place of the lists lean to one side together far more than chance allows, so that a
place is, most likely, one person. From one sheet to another a place says nothing."""


def load_ratings() -> DatasetDict:
    """The film-review sentences with every single rating, in the splits of `load_reviews`.

    Columns: `text` and `score` exactly as `load_reviews("text")` gives them, row by row; `ratings`,
    the list of whole numbers whose mean the score is; and `sheet`, the number of the group of
    `SHEET` sentences that was rated by the same people in the same order.

    Raises:
        AssetError: the data cannot be fetched.
    """
    waiting: dict[tuple[str, float], deque[dict[str, Any]]] = defaultdict(deque)
    for row in _read():  # texts that occur twice stand in the same split, in the order of the file
        waiting[row["text"], row["score"]].append(row)
    reviews = load_reviews("text")
    return dataset(
        {
            split: [
                waiting[text, score].popleft()
                for text, score in zip(rows["text"], rows["score"], strict=True)
            ]
            for split, rows in reviews.items()
        }
    )


def _read() -> list[dict[str, Any]]:
    """The sentences in the order of the file, each with its ratings."""
    with tarfile.open(download.file(REVIEWS, "hutto_ICWSM_2014.tar.gz")) as tar:
        sentences, ratings = (
            _lines(tar, f"movieReviewSnippets_{kind}.txt")
            for kind in ("GroundTruth", "anonDataRatings")
        )
    single = {key: [int(n) for n in last.strip("[]").split(",")] for key, _, _, last in ratings}
    return [
        {
            "text": html.unescape(fold_ascii(text)),
            "score": float(score),
            "ratings": single[key],
            "sheet": (int(key) - 1) // SHEET,
        }
        for key, score, text in sentences
    ]


def _lines(tar: tarfile.TarFile, name: str) -> list[list[str]]:
    member = next(m for m in tar.getmembers() if m.name.endswith("/" + name))
    file = tar.extractfile(member)
    assert file is not None
    return [line.split("\t") for line in file.read().decode("utf8").splitlines() if line]
