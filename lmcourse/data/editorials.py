"""Newspaper editorials, sentence by sentence in their order: a text where one sentence follows."""

from __future__ import annotations

import html

import numpy as np

from lmcourse.data import archive
from lmcourse.text.characters import fold_ascii

HELD_OUT = 100  # articles

Articles = dict[int, dict[int, str]]  # {article: {place in it: sentence}}


def load_editorials() -> dict[str, Articles]:
    """5,190 sentences of 498 articles (Hutto & Gilbert 2014), a hundred articles for validation.

    Places are numbered from 1 in the order of the article; about a fifth of the articles lack one.
    """
    articles: Articles = {}
    for key, _, text in archive.rated("nytEditorialSnippets"):
        article, place = map(int, key.split("_"))  # such as 31_5
        articles.setdefault(article, {})[place] = html.unescape(fold_ascii(text))
    drawn = np.random.default_rng(0).permutation([*articles]).tolist()
    splits = {"train": drawn[HELD_OUT:], "validation": drawn[:HELD_OUT]}
    return {name: {number: articles[number] for number in of} for name, of in splits.items()}
