"""Small changes to a text that leave its meaning alone; `bert/robustness` teaches them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

SLIPS = ("swap", "drop", "double")
SHORTEST = 4  # shorter words are left alone: one letter more or less makes another word of them
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {
    letter: "".join(row[max(i - 1, 0) : i] + row[i + 1 : i + 2])
    for row in _ROWS
    for i, letter in enumerate(row)
}  # left and right of a letter on the keyboard

# Read in the contexts of the validation and test sentences of the film reviews; pairs that begin
# alike (vowel or consonant) keep "a" and "an" right.
SYNONYMS = {
    **{"movie": "film", "movies": "films", "director": "filmmaker", "directors": "filmmakers"},
    **{"script": "screenplay", "plot": "storyline", "viewers": "spectators"},
    **{"boring": "dull", "dull": "boring", "tedious": "tiresome", "stupid": "dumb"},
    **{"annoying": "irritating", "terrible": "dreadful", "pointless": "senseless"},
    **{"wonderful": "marvelous", "excellent": "outstanding", "charming": "delightful"},
    **{"beautiful": "lovely", "funny": "humorous", "fascinating": "captivating"},
    **{"scary": "frightening", "huge": "massive", "begins": "starts", "quickly": "swiftly"},
    **{"rarely": "seldom", "completely": "totally"},
    **{"perhaps": "maybe", "although": "though"},
}
PRAISE = (
    *("funny", "interesting", "entertaining", "moving", "clever"),
    *("original", "convincing", "exciting", "charming", "gripping"),
)
BLAME = (
    *("boring", "dull", "tedious", "stupid", "predictable"),
    *("annoying", "tiresome", "clumsy", "pretentious", "slow"),
)


def slip(word: str, kind: str, place: int) -> str:
    """`word` with one slip at letter `place`, counted from 0.

    "swap" exchanges the letter with the next one, "drop" leaves it out, "double" writes it twice,
    "neighbour" hits the key to the left of it (at the left edge the one to the right).

    Raises:
        ValueError: unknown kind, or no such place in the word (for "swap": no letter after it).
    """
    if not 0 <= place < len(word) - (kind == "swap"):
        raise ValueError(f"no place {place} for {kind!r} in {word!r}")
    before, letter, after = word[:place], word[place], word[place + 1 :]
    if kind == "swap":
        return before + after[0] + letter + after[1:]
    if kind == "drop":
        return before + after
    if kind == "double":
        return before + 2 * letter + after
    if kind == "neighbour":
        return before + NEIGHBOURS.get(letter.lower(), letter)[0] + after
    raise ValueError(f"kind must be one of {', '.join((*SLIPS, 'neighbour'))}, not {kind!r}")


def with_typos(
    texts: Sequence[str],
    share: float,
    seed: int,
    known: Collection[str] = (),
    kinds: Sequence[str] = SLIPS,
) -> list[str]:
    """`texts` in which each word of `SHORTEST` letters or more has a slip with chance `share`.

    A word is a run of letters. The first letter stays, and so does a word whose slip would leave it
    unchanged or make one of the `known` words (in lower case) of it.

    Args:
        seed: draws the words, the kind (one of `kinds`, each as likely) and the place.

    Raises:
        ValueError: `share` is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, not {share}")
    rng = np.random.default_rng(seed)

    def typed(match: re.Match[str]) -> str:
        word = match[0]
        if len(word) < SHORTEST or rng.random() >= share:
            return word
        kind = kinds[int(rng.integers(len(kinds)))]
        place = int(rng.integers(1, len(word) - 1))  # neither the first letter nor the last
        wrong = slip(word, kind, place)
        return word if wrong.lower() in known else wrong

    return [re.sub("[A-Za-z]+", typed, text) for text in texts]


def with_synonyms(texts: Sequence[str], synonyms: Mapping[str, str]) -> list[str]:
    """`texts` in which every whole word among `synonyms` (in lower case) gives way to its entry.

    Words in the text count in lower case or with a capital at the front, which is kept; words all
    in capitals stay.
    """

    def exchanged(match: re.Match[str]) -> str:
        word = match[0]
        if word.islower():
            return synonyms.get(word, word)
        if word == word.capitalize() and word.lower() in synonyms:
            return synonyms[word.lower()].capitalize()
        return word

    return [re.sub("[A-Za-z]+", exchanged, text) for text in texts]


def negations() -> list[tuple[str, int, str]]:
    """Sixty short sentences as (text, label, form): each adjective plainly, with *not* and *never*.

    The label is 1 for praise; *not* and *never* turn that of the plain sentence round.
    """
    forms = {
        "plain": "The film is {}.",
        "not": "The film is not {}.",
        "never": "The film is never {}.",
    }
    return [
        (text.format(adjective), label if form == "plain" else 1 - label, form)
        for form, text in forms.items()
        for label, adjectives in enumerate((BLAME, PRAISE))
        for adjective in adjectives
    ]
