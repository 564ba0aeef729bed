"""Text as characters: one alphabet for the whole book, one id a character."""

import unicodedata
from collections.abc import Iterable

# Id 0, the line break, opens and closes every sentence; then the 95 printable ASCII characters.
ALPHABET = "\n" + "".join(map(chr, range(32, 127)))

_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."}
)


def fold_ascii(text: str) -> str:
    """`text` with accents and typographic signs replaced by plain ASCII, spaces collapsed."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHY))
    return " ".join(decomposed.encode("ascii", "ignore").decode("ascii").split())


class CharTokenizer:
    """One id a character.

    The first character of the alphabet (id 0) is the boundary: it opens and closes every text,
    so a model can learn where sentences begin and end.
    """

    def __init__(self, alphabet: str = ALPHABET) -> None:
        """`alphabet`: the boundary, then every other symbol once; ValueError when one repeats."""
        repeated = sorted({symbol for symbol in alphabet if alphabet.count(symbol) > 1})
        if repeated or not alphabet:
            raise ValueError(f"alphabet must hold each symbol once; repeated: {repeated}")
        self.alphabet = alphabet
        self._ids = {symbol: i for i, symbol in enumerate(alphabet)}

    @property
    def vocab_size(self) -> int:
        """The number of symbols, boundary included."""
        return len(self.alphabet)

    def encode(self, text: str) -> list[int]:
        """The ids of `text` between two boundaries: "" becomes [0, 0].

        Raises ValueError for a symbol outside the alphabet, and for the boundary inside the text.
        """
        for position, symbol in enumerate(text):
            if self._ids.get(symbol, 0) == 0:
                reason = "is the boundary" if symbol in self._ids else "is not in the alphabet"
                raise ValueError(f"text: {symbol!r} at position {position} {reason}")
        return [0, *(self._ids[symbol] for symbol in text), 0]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids` without the boundaries around it; ValueError for an unknown id."""
        ids = [int(i) for i in ids]
        unknown = [i for i in ids if not 0 <= i < self.vocab_size]
        if unknown:
            raise ValueError(f"ids: {unknown[0]} is outside the vocabulary of {self.vocab_size}")
        return "".join(self.alphabet[i] for i in ids).strip(self.alphabet[0])
