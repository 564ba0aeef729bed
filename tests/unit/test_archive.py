"""The archive of rated sentences: every line of a file in its three parts."""

import pytest

from lmcourse.data import archive


@pytest.mark.parametrize(
    ("stem", "lines", "first"),
    [
        ("amazonReviewSnippets", 3_708, "1_1"),
        ("tweets", 4_200, "1"),
        ("nytEditorialSnippets", 5_190, "1_1"),
    ],
)
def test_every_line_has_a_key_a_rating_and_a_text(stem, lines, first):
    rows = archive.rated(stem)
    assert len(rows) == lines
    assert rows[0][0] == first  # no mark of byte order before it
    assert all(-4 <= score <= 4 and text for _, score, text in rows)


def test_there_is_no_other_file():
    with pytest.raises(KeyError, match="films"):
        archive.rated("films")
