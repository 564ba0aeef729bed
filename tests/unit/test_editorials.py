"""The editorials: every sentence in its place, whole articles on one side."""

from lmcourse.data.editorials import load_editorials


def test_articles_are_complete_but_for_gaps_and_lie_on_one_side():
    train, validation = load_editorials().values()
    assert (len(train), len(validation)) == (398, 100)
    assert not {*train} & {*validation}
    articles = train | validation
    assert sum(map(len, articles.values())) == 5_190
    places = articles[31]
    assert [places[n] for n in sorted(places)][:2] == [places[1], places[2]]
    assert places[3] == "The City Charter provides all too little guidance."
    whole = [[*article] == list(range(1, len(article) + 1)) for article in articles.values()]
    assert 0.75 < sum(whole) / len(whole) < 0.85
    assert load_editorials() == {"train": train, "validation": validation}
