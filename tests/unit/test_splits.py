"""Near-duplicates stay together, through chains of them."""

from lmcourse.data.splits import near_duplicate_groups


def test_near_duplicates_are_grouped_through_chains():
    texts = [
        "a b c d e",
        "x a b c d e y z w",
        "c D e, y z w!",
        "one two three four five six seven",
        "one two three FOUR AND A HALF five six seven",
        "one two three 4 five six seven",
        "short",
        "Short!",
        "a b c d",
        "b c d e",
    ]
    groups = near_duplicate_groups(texts)
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] == groups[5]
    assert groups[6] == groups[7]
    assert len(set(groups)) == 6
