"""Text as words: lower case, without punctuation, the rare ones left out."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def words(text: str) -> list[str]:
    """The words of `text` in lower case: letters, digits, and an apostrophe between letters."""
    return _WORD.findall(text.lower())


class Vocabulary:
    """The words that occur at least `min_count` times, the most frequent one first.

    `words` lists them, `counts` says how often each was seen; equals are in alphabetical order.
    """

    def __init__(self, texts: Iterable[Sequence[str]], min_count: int = 5) -> None:
        """`texts`: lists of words. ValueError when no word is frequent enough."""
        found = Counter(word for text in texts for word in text)
        kept = sorted((-n, word) for word, n in found.items() if n >= min_count)
        if not kept:
            raise ValueError(f"no word of the texts occurs {min_count} times")
        self.words = [word for _, word in kept]
        self.counts = [-n for n, _ in kept]
        self._ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def id(self, word: str) -> int:
        """The id of a word; ValueError when it is not in the vocabulary, with the nearest one."""
        if word not in self._ids:
            near = difflib.get_close_matches(word, self.words, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"the word {word!r} is not in the vocabulary{hint}")
        return self._ids[word]

    def encode(self, texts: Iterable[Sequence[str]]) -> list[list[int]]:
        """The ids of each text, unknown words left out, so that their neighbours stand together."""
        return [[self._ids[word] for word in text if word in self._ids] for text in texts]
