"""The first names: what the first bigram model of the book learns to continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmcourse.data import download
from lmcourse.data.catalogue import NAMES
from lmcourse.data.splits import dataset, digest

if TYPE_CHECKING:
    from datasets import DatasetDict

CARD = """**First names.** Female and male first names of the 1990 census of the USA with the
percentage of the population that bears them, from the source package `names` 0.3.0. Names that
occur in both lists are merged, their percentages averaged. Spelling is upper case without accents
in the source and lower case here. Names common among immigrants of the last decades are rare or
missing."""


def load_names() -> DatasetDict:
    """First names: columns `name` (lower case a–z) and `frequency` (percent of the people).

    Raises AssetError when they cannot be fetched.
    """
    frequency: dict[str, float] = {}
    for file in ("dist.female.first", "dist.male.first"):
        for line in download.file(NAMES, file).read_text("ascii").splitlines():
            name, percent = line.split()[:2]
            frequency[name.lower()] = frequency.get(name.lower(), 0.0) + float(percent) / 2
    ordered = sorted(frequency, key=digest)
    test, validation = len(ordered) // 5, len(ordered) // 10
    bounds = {
        "train": ordered[test + validation :],
        "validation": ordered[test : test + validation],
        "test": ordered[:test],
    }
    return dataset(
        {
            split: [{"name": name, "frequency": frequency[name]} for name in chosen]
            for split, chosen in bounds.items()
        }
    )
