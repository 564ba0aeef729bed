"""Exercise checkers of background/tokenization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lmcourse.exercises.checking import Mistake, exercise

_TEXT = "Tea 电影 👍🏽 é!"
_MERGES = ("bc", "ab", "cd", "bce")


@exercise
def bananas(bananas: Any) -> None:
    """Right: count, decide the tie by number, and cut by the same merges."""
    result = bananas()
    if not isinstance(result, Sequence) or isinstance(result, str) or len(result) != 3:
        raise Mistake("Three things are wanted: a count, a token, and a number of tokens.")
    count, token, tokens = result
    if count == 5:
        raise Mistake(
            "First pair: that is the count of b+a, or a+n once a word; banana has it twice."
        )
    if count == 3:
        raise Mistake("First pair: each word counts as often as it stands in the text.")
    if count != 7:
        raise Mistake("First pair: a+n, twice in each banana and once in each ban.")
    if token == "banan":
        raise Mistake("Third token: the tie is decided by the number of the left token; an has 3.")
    if token == "ban":
        raise Mistake("Third token: ban is the second one that is made.")
    if token != "ana":
        raise Mistake("Third token: after an and ban, count the pairs in ban|an|a and ban.")
    if tokens == 3:
        raise Mistake("nana: n|an|a, and then the third merge applies, too.")
    if tokens == 4:
        raise Mistake("nana: do the merges, in the order in which they were learned.")
    if tokens != 2:
        raise Mistake("nana: begin with its four letters and do the three merges.")


@exercise
def stream(stream: Any) -> None:
    """Right: what is unfinished waits for its rest."""
    tokens = [bytes([byte]) for byte in _TEXT.encode()]
    tokens[:4] = [b"".join(tokens[:4])]  # "Tea " is one token
    result = list(stream(tokens))
    if len(result) != len(tokens):
        raise Mistake(
            "One string for each token is wanted, an empty one where nothing is finished."
        )
    if any(isinstance(text, bytes) for text in result):
        raise Mistake("Those are bytes; strings are wanted.")
    if any("�" in text for text in result):
        raise Mistake("Some strings hold �: the bytes of a character were decoded apart.")
    if not any(result[:-1]):
        raise Mistake("Everything waits for the last token: print what is finished at once.")
    if "".join(result) != _TEXT:
        raise Mistake("Together the strings are not the text: were unfinished bytes dropped?")
    seen = b""
    for token, text in zip(tokens, result, strict=True):
        seen += token
        if text and not seen.decode("utf8", "ignore").endswith(text):
            raise Mistake("A string comes later than it could.")


@exercise
def smallest_file(smallest_file: Any) -> None:
    """Right: with less text a shorter list pays."""
    result = smallest_file()
    if result not in [2**k for k in range(9, 15)]:
        raise Mistake("The size is one of 512, 1,024, 2,048, 4,096, 8,192 and 16,384.")
    if result >= 8192:
        raise Mistake(
            "That is the size for all sentences: learn from the eighth, and cut it alone."
        )
    if result == 4096:
        raise Mistake(
            "Did you count two numbers for each merge? The list weighs more in a small file."
        )
    if result < 1024:
        raise Mistake("Did you multiply the list by more than it costs? It is k bits, two a merge.")
    if result != 2048:
        raise Mistake("Twice the size is still smaller.")


@exercise
def two_words(two_words: Any) -> None:
    """Right: neither way of cutting is always the shorter one."""
    result = two_words()
    if not isinstance(result, Sequence) or isinstance(result, str) or len(result) != 2:
        raise Mistake("Two words are wanted.")
    if not all(isinstance(word, str) and word and {*word} <= {*"abcde"} for word in result):
        raise Mistake("The words consist of the letters a to e.")
    differences = [_merged(word) - _by_longest(word) for word in result]
    if differences[0] < 0 < differences[1]:
        raise Mistake(
            "Both are found, in the other order: first the one that merging makes longer."
        )
    if differences[0] <= 0:
        raise Mistake("The first word is not longer when merged. What does b+c take away?")
    if differences[1] >= 0:
        raise Mistake("The second word is not longer by longest match. Where does bce begin?")


def _merged(word: str) -> int:
    """Number of tokens after the merges; between tokens stands a bar."""
    text = "|".join(word)
    for left, right in (("b", "c"), ("a", "b"), ("c", "d"), ("bc", "e")):
        text = f"|{text}|".replace("|", "||")
        text = text.replace(f"|{left}||{right}|", f"|{left}{right}|")
        text = text.replace("||", "|").strip("|")
    return len(text.split("|"))


def _by_longest(word: str) -> int:
    """Number of tokens when always the longest is taken."""
    n = 0
    while word:
        word = word[max((len(token) for token in _MERGES if word.startswith(token)), default=1) :]
        n += 1
    return n
