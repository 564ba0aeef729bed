"""Interpolated n-gram models as ARPA files, which KenLM, SRILM and others read.

Such a file lists log10 p(w|h) for the n-grams seen, and for each context the log10 of the factor
by which the shorter context's answer is multiplied for a symbol that was not seen after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

import numpy as np

from lmcourse.models.interpolation import Level, probabilities
from lmcourse.models.ngram import NGram
from lmcourse.models.ngram_counts import within_text

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
NEVER = -99.0  # what the format writes for log10 of zero


def tokens(alphabet: Sequence[str]) -> list[str]:
    """What stands for each id: visible and without blanks, "␣" for the space; `</s>` for id 0.

    ValueError where two symbols would read the same, or like a mark of the format.
    """
    written = [END, *(_visible(symbol) for symbol in alphabet[1:])]
    taken = {BEGIN, UNKNOWN, ""}
    for token in written:
        if token in taken:
            raise ValueError(f"alphabet: {token!r} stands for two symbols, or is none")
        taken.add(token)
    return written


def write_arpa(model: NGram, file: TextIO, alphabet: Sequence[str]) -> None:
    """Writes a fitted model in which shorter contexts have a say; id 0 is <s> and </s>.

    `file` is open for text in UTF-8; `alphabet` has the symbol of each id. Raises ValueError for
    a smoothing without back-off and an alphabet of another size, RuntimeError before `fit`. The
    `kenlm` of the package index reads orders 2 to 6.
    """
    if not model.interpolates:
        raise ValueError(f"smoothing {model.smoothing!r} has no back-off for ARPA to hold")
    if len(alphabet) != model.vocab_size:
        raise ValueError(f"{len(alphabet)} symbols in alphabet, {model.vocab_size} in the model")
    V, levels, words = model.vocab_size, model.levels, tokens(alphabet)
    listed = [_entries(levels, n, V) for n in range(1, model.order + 1)]
    file.write("\\data\\\n")
    for n, codes in enumerate(listed, start=1):
        file.write(f"ngram {n}={len(codes) + 2 * (n == 1)}\n")
    for n, codes in enumerate(listed, start=1):
        file.write(f"\n\\{n}-grams:\n")
        file.writelines(_lines(levels, codes, n, V, words))
    file.write("\n\\end\\\n")


def _lines(
    levels: Sequence[Level], codes: np.ndarray, n: int, V: int, words: Sequence[str]
) -> Iterator[str]:
    """A line an n-gram of length `n`: log10 p, its tokens, log10 of its weight as a context."""

    def weight(log10: float) -> str:
        return f"\t{log10:.8f}" if n < len(levels) else ""

    if n == 1:
        begin = _log10(_back_off(levels, np.array([0]), 1, V, True))[0]
        yield f"{NEVER}\t{UNKNOWN}\n{NEVER}\t{BEGIN}{weight(begin)}\n"
    opens = codes < (V ** (n - 1) if n > 1 else 0)  # an n-gram of length 1 is not an opening
    p = np.where(opens, probabilities(levels, codes, V), probabilities(levels[:n], codes, V))
    shorter = np.where(
        opens, _back_off(levels, codes, n, V, True), _back_off(levels, codes, n, V, False)
    )
    shorter[codes % V == 0] = 1.0  # nothing comes after the end
    columns = [codes // V**place % V for place in range(n - 1, -1, -1)]
    for ids, begins, log_p, log_weight in zip(
        zip(*columns, strict=True), opens, _log10(p), _log10(shorter), strict=True
    ):
        gram = [BEGIN if begins else words[ids[0]], *(words[i] for i in ids[1:])]
        yield f"{log_p:.8f}\t{' '.join(gram)}{weight(log_weight)}\n"


def _entries(levels: Sequence[Level], n: int, V: int) -> np.ndarray:
    """Sorted codes of length `n` to be listed: all symbols, or the n-grams and contexts seen."""
    if n == 1:
        return np.arange(V)
    grams = levels[n - 1].grams
    if n < len(levels):
        contexts = levels[n].contexts
        grams = np.union1d(grams, contexts[contexts % V != 0])
    return grams[within_text(grams, n, V)]


def _back_off(
    levels: Sequence[Level], codes: np.ndarray, n: int, V: int, opens: bool
) -> np.ndarray:
    """The weight of what is shorter than the contexts `codes` of length `n`.

    A context that opens a text is also that of all longer orders, padded: its code is the same.
    """
    longer = levels[n:] if opens else levels[n : n + 1]
    return np.prod([np.ones(len(codes)), *(level.share(codes) for level in longer)], axis=0)


def _log10(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):  # a weight of 1 leaves nothing for what was never seen
        return np.log10(values).clip(min=NEVER, max=0.0)


def _visible(symbol: str) -> str:
    return "".join(_one_visible(letter) for letter in symbol.replace(" ", "␣"))


def _one_visible(letter: str) -> str:
    return letter if letter.isprintable() and not letter.isspace() else f"U+{ord(letter):04X}"
