"""Byte pair encoding as GPT-2 has it: a vocabulary of byte strings, learned by merging pairs.

Taught by the chapter background/tokenization. Gage (1994) compressed files in this way, Sennrich
et al. (2016) cut words with it, Radford et al. (2019) let it begin with bytes.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import regex

# Text is cut into words before anything is merged: an ending after an apostrophe; or letters,
# digits or other signs with the space in front of them; what is left is white space.
WORDS = regex.compile(r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
# The bytes in the order in which GPT-2 numbers them: the visible characters of Latin-1 first.
_VISIBLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
BYTES = bytes(_VISIBLE + [byte for byte in range(256) if byte not in _VISIBLE])
KEPT = 2**17  # how many words a tokenizer remembers before it forgets them all
Merge = tuple[bytes, bytes]

_TOKENS = [b"\n", *(bytes([byte]) for byte in BYTES)]  # boundaries decode to line breaks
_PLACES = bytes.maketrans(BYTES, bytes(range(256)))


def learn_merges(texts: Iterable[str], n_merges: int) -> list[Merge]:
    """The first `n_merges` merges of byte pair encoding on `texts`, fewer when no pair is left.

    Again and again the most frequent pair of neighbouring tokens becomes one token. Pairs are
    counted inside words (`WORDS`) as often as they stand side by side: "aaa" has two of (a, a).
    Of equally frequent pairs the one with the smallest ids comes first: bytes are numbered as in
    `BYTES`, made tokens by age, and the left one decides before the right one. This is the rule of
    the library `tokenizers`. No two merges make the same token.

    Raises:
        TypeError: `texts` is one string.
        ValueError: `n_merges` is negative, or a text holds a lone surrogate.
    """
    if isinstance(texts, str):
        raise TypeError("texts is one string; put it into a list")
    if n_merges < 0:
        raise ValueError(f"n_merges must be at least 0, got {n_merges}")
    seen = Counter[str]()
    for text in texts:
        seen.update(WORDS.findall(text))
    words, times = [_symbols(word) for word in seen], [*seen.values()]

    counts, places = defaultdict[str, int](int), defaultdict[str, set[int]](set)
    for i, word in enumerate(words):
        for a, b in pairwise(word):
            counts[a + b] += times[i]
            places[a + b].add(i)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)

    merges, tokens = list[Merge](), _TOKENS.copy()
    while heap and len(merges) < n_merges:
        count, pair = heapq.heappop(heap)
        if -count != counts[pair]:  # other merges have made it rarer since it was put there
            if counts[pair]:
                heapq.heappush(heap, (-counts[pair], pair))
            continue
        left, right = (tokens[ord(symbol)] for symbol in pair)
        merges.append((left, right))
        new, grown = chr(len(tokens)), set[str]()
        tokens.append(left + right)
        for i in places.pop(pair):
            old, words[i] = words[i], words[i].replace(pair, new)
            for a, b in pairwise(old):
                counts[a + b] -= times[i]
            for a, b in pairwise(words[i]):
                counts[a + b] += times[i]
                if a == new or b == new:
                    places[a + b].add(i)
                    grown.add(a + b)
        for pair in grown:
            heapq.heappush(heap, (-counts[pair], pair))
    return merges


class BytePairTokenizer:
    """Text as byte pairs: every text can be cut, whatever its alphabet.

    Id 0 is the boundary, as in `CharTokenizer`: it opens and closes every text and is no byte.
    Ids 1 to 256 are the bytes in the order of `BYTES`; merge number i makes id 257 + i.
    `tokens` has the bytes of each id, those of the boundary being a line break.
    """

    def __init__(self, merges: Sequence[Merge]) -> None:
        """`merges`: in the order of `learn_merges`.

        Raises:
            ValueError: a merge joins what does not exist yet, or makes what exists already.
        """
        self.merges, self.tokens = list(merges), _TOKENS.copy()
        ids = {token: i for i, token in enumerate(self.tokens) if i}
        self._made = dict[str, str]()  # two symbols -> the symbol of what they make
        for number, (left, right) in enumerate(self.merges):
            for part in (left, right):
                if part not in ids:
                    raise ValueError(f"merges: number {number} joins {part!r}, not a token so far")
            if left + right in ids:
                raise ValueError(f"merges: number {number} makes {left + right!r} once more")
            ids[left + right] = len(self.tokens)
            self._made[chr(ids[left]) + chr(ids[right])] = chr(len(self.tokens))
            self.tokens.append(left + right)
        self._known = dict[str, list[int]]()  # words that were cut before

    @property
    def vocab_size(self) -> int:
        """The number of ids, boundary and bytes included."""
        return len(self.tokens)

    def encode(self, text: str) -> list[int]:
        """The ids of `text` between two boundaries: "" becomes [0, 0].

        Raises ValueError for a lone surrogate, which is half a character.
        """
        ids, known = [0], self._known
        for word in WORDS.findall(text):
            if word not in known:
                if len(known) == KEPT:
                    known.clear()
                known[word] = self._cut(word)
            ids += known[word]
        return [*ids, 0]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids` without the boundaries around it; one inside becomes a line break.

        Bytes that are no character, as a model may write them, become the sign �. Raises
        ValueError for an unknown id.
        """
        ids = [int(i) for i in ids]
        unknown = [i for i in ids if not 0 <= i < self.vocab_size]
        if unknown:
            raise ValueError(f"ids: {unknown[0]} is outside the vocabulary of {self.vocab_size}")
        start, stop = 0, len(ids)
        while start < stop and ids[start] == 0:
            start += 1
        while start < stop and ids[stop - 1] == 0:
            stop -= 1
        return b"".join(self.tokens[i] for i in ids[start:stop]).decode("utf8", "replace")

    def _cut(self, word: str) -> list[int]:
        """The ids of a word: the merge learned first is done first, wherever it applies."""
        symbols = _symbols(word)
        while pairs := [a + b for a, b in pairwise(symbols) if a + b in self._made]:
            first = min(pairs, key=self._made.__getitem__)
            symbols = symbols.replace(first, self._made[first])
        return [ord(symbol) for symbol in symbols]


def _symbols(word: str) -> str:
    """One symbol a byte: the character whose number is the id, so that `str.replace` merges."""
    try:
        places = word.encode("utf8").translate(_PLACES)
    except UnicodeEncodeError as error:
        half = word[error.start]
        raise ValueError(f"text: {half!r} is a lone surrogate, half a character") from None
    return "".join([chr(place + 1) for place in places])
