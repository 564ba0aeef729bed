"""Interpolated n-grams in dictionaries, loops and fractions: slow, and lmcourse is not in it."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

Gram = tuple[int, ...]
After = dict[int, int]  # of one context: how often each symbol came
# from the order and what came after a context, and a symbol: what is kept of its count, the mass
Rule = Callable[[int, After, int], tuple[Fraction, Fraction]]


class Slow:
    """p(w|h) = (kept(h,w) + mass(h)·p(w|h')) / c(h), or p(w|h') where h was not seen; 1/V below."""

    def __init__(self, order: int, vocab_size: int, rows: list[list[int]], rule: Rule) -> None:
        self.order, self.vocab_size, self.rule = order, vocab_size, rule
        self.seen: dict[int, Counter[Gram]] = {n: Counter() for n in range(1, order + 1)}
        for row in rows:
            for end in range(1, len(row)):
                for n in range(1, min(order, end + 1) + 1):
                    gram = tuple(row[end - n + 1 : end + 1])
                    if 0 not in gram[1:-1]:
                        self.seen[n][gram] += 1

    def counts(self, n: int) -> list[int]:
        return list(self.seen[n].values())

    def p(self, symbol: int, context: Gram) -> Fraction:
        n = len(context) + 1
        shorter = self.p(symbol, context[1:]) if context else Fraction(1, self.vocab_size)
        after = {gram[-1]: c for gram, c in self.seen[n].items() if gram[:-1] == context}
        if not after:
            return shorter
        kept, mass = self.rule(n, after, symbol)
        return (kept + mass * shorter) / sum(after.values())

    def after(self, before: list[int]) -> list[float]:
        """The distribution after all of `before`, which reaches back to its latest 0."""
        latest = max((i for i, symbol in enumerate(before) if symbol == 0), default=0)
        context = tuple(before[latest:][max(0, len(before[latest:]) - self.order + 1) :])
        return [float(self.p(symbol, context)) for symbol in range(self.vocab_size)]
