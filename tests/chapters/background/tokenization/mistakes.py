"""Wrong answers of background/tokenization: exercise, answer, a piece of what is said of it."""

TEXT = "Tea 电影 👍🏽 é!"


def nothing_until_the_end(tokens):
    return [""] * (len(tokens) - 1) + [b"".join(tokens).decode()]


def one_token_late(tokens):
    found = ["", *(prefix for prefix in _prefixes(tokens))]
    return [*found[:-2], found[-2] + found[-1]]


def _prefixes(tokens):
    shown = ""
    for i in range(len(tokens)):
        text = b"".join(tokens[: i + 1]).decode("utf8", "ignore")
        yield text[len(shown) :]
        shown = text


MISTAKES = [
    (1, lambda: (5, "ana", 2), "banana has it twice"),
    (1, lambda: (3, "ana", 2), "as often as it stands"),
    (1, lambda: (9, "ana", 2), "twice in each banana"),
    (1, lambda: (7, "banan", 2), "an has 3"),
    (1, lambda: (7, "ban", 2), "second one"),
    (1, lambda: (7, "na", 2), "ban|an|a and ban"),
    (1, lambda: (7, "ana", 3), "third merge applies"),
    (1, lambda: (7, "ana", 4), "do the merges"),
    (1, lambda: (7, "ana", 1), "four letters"),
    (1, lambda: 7, "Three things"),
    (2, lambda tokens: [token.decode("utf8", "replace") for token in tokens], "�"),
    (2, lambda tokens: [token.decode("utf8", "ignore") for token in tokens], "dropped"),
    (2, nothing_until_the_end, "waits for the last"),
    (2, one_token_late, "later than it could"),
    (2, lambda tokens: [b"".join(tokens).decode()], "One string for each"),
    (2, lambda tokens: tokens, "Those are bytes"),
    (3, lambda: 8192, "for all sentences"),
    (3, lambda: 4096, "two numbers for each merge"),
    (3, lambda: 512, "two a merge"),
    (3, lambda: 1024, "still smaller"),
    (3, lambda: 3000, "one of 512"),
    (4, lambda: ("abce", "abcd"), "other order"),
    (4, lambda: ("abc", "abce"), "not longer when merged"),
    (4, lambda: ("abcd", "abc"), "not longer by longest match"),
    (4, lambda: ("abcd", "xyz"), "letters a to e"),
    (4, lambda: "abcd", "Two words"),
]
