"""The IMDb reviews: whole, cut into sentences, and none that holds a closed sentence."""

from lmcourse.data.imdb import load_imdb
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import bare_words


def test_reviews_are_plain_sentences_in_order():
    reviews = load_imdb()
    assert 20_000 < len(reviews) < 25_000
    assert reviews[0][0].startswith("I rented I AM CURIOUS-YELLOW from my video store")
    assert len({*reviews}) == len(reviews)
    lengths = [len(review) for review in reviews]
    assert 8 < sum(lengths) / len(lengths) < 16
    text = " ".join(" ".join(review) for review in reviews[:500])
    assert "<br" not in text
    assert text.isascii()


def test_no_review_shares_five_words_with_a_closed_sentence():
    splits = load_reviews("text")
    closed = [bare_words(t) for name in ("validation", "test") for t in splits[name]["text"]]
    runs = {" ".join(words[i : i + 5]) for words in closed for i in range(len(words) - 4)}
    for review in load_imdb()[::23]:
        words = bare_words(" ".join(review))
        assert not runs & {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
