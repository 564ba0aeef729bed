"""The named corpora of the book, each with fixed train, validation and test splits."""

from __future__ import annotations

import hashlib
import html
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmcourse import assets, hub
from lmcourse.choices import unknown

if TYPE_CHECKING:
    from datasets import DatasetDict

# Id 0, the line break, opens and closes every sentence; then the 95 printable ASCII characters.
ALPHABET = "\n" + "".join(map(chr, range(32, 127)))
TASKS = ("binary", "three", "score", "text")
NEUTRAL = 0.5  # mean ratings closer to zero than this count as neutral
SHARED_RUN = 5  # sentences that share this many consecutive words go into the same split,
OPEN_RUN = 7  # and so do those that share this many, one word in the middle apart

_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."}
)
_REVIEWS_FILE = "movieReviewSnippets_GroundTruth.txt"

CARDS = {
    "reviews": f"""**Film-review sentences.** 10,605 sentences cut from reviews on a public
film-review site, each rated by about 20 people for how positive it is, from −4 to 4; the score is
their mean. Source: the data that accompanies VADER (Hutto & Gilbert 2014), MIT licence, from the
source package `vaderSentiment` 3.3.2. The texts are folded to ASCII (a handful of accents and
typographic signs). Labels: positive from {NEUTRAL}, negative from −{NEUTRAL}, neutral between.
Sentences that share {SHARED_RUN} consecutive words, or {OPEN_RUN} with one exception, are never in
different splits. English only, of one site and one period: expect less elsewhere.""",
    "names": """**First names.** Female and male first names of the 1990 census of the USA with the
percentage of the population that bears them, from the source package `names` 0.3.0. Names that
occur in both lists are merged, their percentages averaged. Spelling is upper case without accents
in the source and lower case here. Names common among immigrants of the last decades are rare or
missing.""",
}


def reviews(task: str = "binary") -> DatasetDict:
    """Film-review sentences with columns ``text``, ``score`` and, except for "text", ``label``.

    The split of the sentences is the same for every task, so a model trained on one task has not
    seen the test sentences of another. ``task`` decides the label: "binary" (0 negative,
    1 positive; neutral sentences left out), "three" (0 negative, 1 neutral, 2 positive), "score"
    (the mean rating in −4…4), "text" (no label, all sentences). With ``LMCOURSE_SOURCE=hub`` the
    binary task comes from IMDB: whole reviews, whose score is −4 or 4. Nothing else does, since
    IMDB has no graded ratings, and language models are compared on one text.

    Raises:
        ValueError: unknown task, or an unknown ``LMCOURSE_SOURCE``.
        AssetError: the data cannot be fetched.
    """
    if task not in TASKS:
        raise unknown("task", task, TASKS)
    if task == "binary" and (imdb := hub.ask("reviews", _imdb)) is not None:
        return imdb
    keep = _LABELS[task]
    splits = {
        split: [row | label for row in rows if (label := keep(row["score"])) is not None]
        for split, rows in _split_reviews().items()
    }
    return _dataset(splits)


def names() -> DatasetDict:
    """First names: columns ``name`` (lower case a–z) and ``frequency`` (percent of the people).

    Raises AssetError when they cannot be fetched.
    """
    frequency: dict[str, float] = {}
    for file in ("dist.female.first", "dist.male.first"):
        for line in assets.file("names", file).read_text("ascii").splitlines():
            name, percent = line.split()[:2]
            frequency[name.lower()] = frequency.get(name.lower(), 0.0) + float(percent) / 2
    ordered = sorted(frequency, key=_digest)
    test, validation = len(ordered) // 5, len(ordered) // 10
    bounds = {
        "train": ordered[test + validation :],
        "validation": ordered[test : test + validation],
        "test": ordered[:test],
    }
    return _dataset(
        {
            split: [{"name": name, "frequency": frequency[name]} for name in chosen]
            for split, chosen in bounds.items()
        }
    )


def card(name: str) -> str:
    """Provenance card of a corpus, in Markdown; ``ValueError`` names the choices."""
    if name not in CARDS:
        raise unknown("corpus", name, CARDS)
    return CARDS[name]


def fold_ascii(text: str) -> str:
    """``text`` with accents and typographic signs replaced by plain ASCII, spaces collapsed."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHY))
    return " ".join(decomposed.encode("ascii", "ignore").decode("ascii").split())


def near_duplicate_groups(texts: Sequence[str]) -> list[int]:
    """A group number for each text; near-duplicates, and chains of them, share the group.

    Near-duplicates share ``SHARED_RUN`` consecutive words, or ``OPEN_RUN`` that differ in one inner
    word ("lacks in depth it makes up for", "lacks in substance it makes up for"). Case and
    punctuation do not count; a text shorter than a run is a run.
    """
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first_seen: dict[tuple[str, ...], int] = {}
    for i, text in enumerate(texts):
        for run in _runs([word for word in map(_bare, text.lower().split()) if word]):
            parent[root(i)] = root(first_seen.setdefault(run, i))
    return [root(i) for i in range(len(texts))]


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(max(1, len(words) - SHARED_RUN + 1)):
        yield tuple(words[start : start + SHARED_RUN])
    for start in range(len(words) - OPEN_RUN + 1):
        run = words[start : start + OPEN_RUN]
        for left_open in range(1, OPEN_RUN - 1):
            yield (*run[:left_open], "", *run[left_open + 1 :])


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
    rows = _read_reviews(assets.file("reviews", "hutto_ICWSM_2014.tar.gz"))
    groups = near_duplicate_groups([row["text"] for row in rows])
    members: dict[int, list[dict[str, Any]]] = {}
    for row, group in zip(rows, groups, strict=True):
        members.setdefault(group, []).append(row)
    ordered = sorted(members.values(), key=lambda group: _digest(group[0]["text"]))
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


def _dataset(splits: dict[str, list[dict[str, Any]]]) -> DatasetDict:
    from datasets import Dataset, DatasetDict

    return DatasetDict({split: Dataset.from_list(rows) for split, rows in splits.items()})


def _bare(word: str) -> str:
    return "".join(filter(str.isalnum, word))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf8")).hexdigest()
