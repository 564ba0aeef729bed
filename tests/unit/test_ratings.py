"""The single ratings: complete, in the splits of the reviews, and what their card says of them."""

import hashlib
import tarfile

import numpy as np
import pytest

from lmcourse.data import download
from lmcourse.data.catalogue import REVIEWS
from lmcourse.data.ratings import CARD, SHEET, load_ratings
from lmcourse.data.reviews import load_reviews


@pytest.fixture(scope="module")
def everything():
    return load_ratings()


@pytest.fixture(scope="module")
def rows(everything):
    return [row for split in everything.values() for row in split]


def test_the_rows_are_those_of_the_reviews_in_the_same_splits_and_order(everything):
    for split, reviews in load_reviews("text").items():
        assert everything[split]["text"] == reviews["text"]
        assert everything[split]["score"] == reviews["score"]


def test_every_line_of_the_archive_is_in_the_splits_once(rows):
    """Brute force: the raw lists of ratings, as the file has them, sorted."""
    with tarfile.open(download.file(REVIEWS, "hutto_ICWSM_2014.tar.gz")) as tar:
        file = tar.extractfile("hutto_ICWSM_2014/movieReviewSnippets_anonDataRatings.txt")
        lines = file.read().decode().splitlines()
    assert sorted(str(row["ratings"]) for row in rows) == sorted(x.split("\t")[3] for x in lines)


def test_the_score_of_a_sentence_is_the_mean_of_its_ratings(rows):
    means = np.array([np.mean(row["ratings"]) for row in rows])
    np.testing.assert_allclose(means, [row["score"] for row in rows], atol=1e-9)


def test_ratings_are_whole_numbers_on_the_scale_and_as_many_as_the_card_says(rows):
    assert {n for row in rows for n in row["ratings"]} == {*range(-4, 5)}
    numbers = np.array([len(row["ratings"]) for row in rows])
    assert (numbers.min(), numbers.max(), np.median(numbers)) == (15, 29, 18)
    assert np.mean(numbers >= 20) == pytest.approx(1 / 3, abs=0.05)
    assert "15 to 29" in CARD
    assert "18 in the median" in CARD


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "9371a7e9198924ee54e1c6d61143c97235a2ddcc82e0e96fd7efa3f49b581c04"),
        ("validation", "076374399af6922da93fb2ef2dd6a172f1422ba5102e559dab83036975197fdf"),
        ("test", "2f40780e9443e6275aca4cd6b00e7793555f4ab3e837c67ccbbe0bdb307938e0"),
    ],
)
def test_the_ratings_and_sheets_of_a_split_are_pinned(everything, split, digest):
    found = str([everything[split]["ratings"][:], everything[split]["sheet"][:]])
    assert hashlib.sha256(found.encode()).hexdigest() == digest


def test_a_place_on_a_sheet_leans_to_one_side_as_a_person_does(rows):
    """Within a sheet: equally many ratings, and columns whose means differ more than by chance.

    The control puts the same ratings of each sentence into random order.
    """
    sheets: dict[int, list[list[int]]] = {}
    for row in rows:
        sheets.setdefault(row["sheet"], []).append(row["ratings"])
    rng = np.random.default_rng(0)
    ordered, shuffled = [], []
    for lists in sheets.values():
        assert len({len(ratings) for ratings in lists}) == 1
        if len(lists) == SHEET:
            table = np.array(lists, dtype=float)  # [sentences, places]
            ordered.append(table.mean(axis=0).var())
            shuffled.append(rng.permuted(table, axis=1).mean(axis=0).var())
    assert len(ordered) == 10_605 // SHEET
    assert np.mean(ordered) > 5 * np.mean(shuffled)
    assert np.mean(np.array(ordered) > np.array(shuffled)) > 0.95
