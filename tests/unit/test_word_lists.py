"""The lists that judge word vectors."""

from lmcourse.evaluation import word_lists


def test_the_lists_hold_pairs_once():
    for pairs in (word_lists.ALIKE, word_lists.OPPOSITE, *word_lists.RELATIONS.values()):
        assert len({frozenset(pair) for pair in pairs}) == len(pairs)
        assert all(a != b and a == a.lower() for a, b in pairs)
