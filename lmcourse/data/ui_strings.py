"""Menus, buttons and messages of JupyterLab in English and Chinese, for translation."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from lmcourse.data import download
from lmcourse.data.catalogue import UI_STRINGS
from lmcourse.data.splits import bare_words, dataset, digest, near_duplicate_groups

if TYPE_CHECKING:
    from datasets import DatasetDict

LONGEST = 100  # characters of the English text
SIZES = {"test": 400, "validation": 250}  # groups, of each of which one pair stays
CARD = f"""**UI strings.** What JupyterLab and sixteen packages around it say in menus, buttons,
settings and messages, in English and in Chinese, from the language pack
`jupyterlab-language-pack-zh-CN` 4.5.post3 (Project Jupyter Contributors 2023, BSD 3-Clause, written
by volunteers). Left out: translations without a Chinese character, texts of several lines, English
of more than {LONGEST} characters. Spaces are single; three dots are one sign (…). Of a text with
plural forms the first is used. Pairs whose English is alike but for case, punctuation,
placeholders and single letters, or shares five words in a row, or whose Chinese is alike, are a
group, and a group stands on one side: of a group of validation or test one pair is kept."""

_HAN = re.compile(r"[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"%\d|%[sd]\b|\$?\{[^{}]*\}|<[^<>]*>")


def load_ui_strings() -> DatasetDict:
    """English and Chinese: columns `english` and `chinese`; `CARD` says more.

    AssetError when they cannot be fetched.
    """
    pairs = list(dict.fromkeys(read_pairs()))
    members: dict[int, list[tuple[str, str]]] = {}
    for pair, group in zip(pairs, groups(pairs), strict=True):
        members.setdefault(group, []).append(pair)
    for alike in members.values():
        alike.sort(key=lambda pair: digest("\t".join(pair)))
    ordered = sorted(members.values(), key=lambda group: digest("\t".join(group[0])))
    test, closed = SIZES["test"], sum(SIZES.values())
    chosen = {
        "train": [pair for group in ordered[closed:] for pair in group],
        "validation": [group[0] for group in ordered[test:closed]],
        "test": [group[0] for group in ordered[:test]],
    }
    return dataset(
        {
            split: [{"english": english, "chinese": chinese} for english, chinese in rows]
            for split, rows in chosen.items()
        }
    )


def read_pairs() -> list[tuple[str, str]]:
    """All pairs in the order of the files, those included that stand in several of them.

    AssetError when they cannot be fetched.
    """
    folder = download.file(UI_STRINGS, "LC_MESSAGES")
    pairs = []
    for file in sorted(folder.glob("*.json")):
        for key, translations in json.loads(file.read_text(encoding="utf8")).items():
            if key:  # the empty one holds what is said of the file
                english, chinese = key.rpartition("\x04")[2], translations[0]  # after its context
                if "\n" not in english.strip() + chinese.strip():
                    pairs.append((_plain(english), _plain(chinese)))
    return [
        (english, chinese)
        for english, chinese in pairs
        if english and len(english) <= LONGEST and _HAN.search(chinese)
    ]


def groups(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """A group number for each pair; near-duplicates, and chains of them, share the group.

    Pairs are near-duplicates when `near_duplicate_groups` says so of their English without
    placeholders, or when their Chinese is the same without placeholders, spaces and punctuation.
    """
    english = near_duplicate_groups([_key(text) for text, _ in pairs])
    chinese = ["".join(bare_words(_PLACEHOLDER.sub(" ", text))) for _, text in pairs]
    return _connected(english, chinese)


def _key(english: str) -> str:
    """Words alone: "&Close all '%1' Tabs…" as "close all tabs"."""
    text = _PLACEHOLDER.sub(" ", english.replace("&", ""))
    words = bare_words(re.sub(r"[^\w\s]|_", " ", text))
    return " ".join(word for word in words if len(word) > 1) or english


def _plain(text: str) -> str:
    return " ".join(text.replace("...", "…").split())


def _connected(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[int]:
    """Group numbers: items that share a first or a second label, and chains of them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(first)
    nodes: dict[Hashable, int] = {}  # the labels, numbered behind the items
    labels = [("first", label) for label in first] + [("second", label) for label in second]
    ends = [nodes.setdefault(label, n + len(nodes)) for label in labels]
    size = n + len(nodes)
    graph = coo_array(([1] * (2 * n), ([*range(n)] * 2, ends)), shape=(size, size))
    return connected_components(graph, directed=False)[1][:n].tolist()
