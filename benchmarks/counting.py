"""The vectorizer of `bert/finetune_sentiment`: TF-IDF of words and of pieces of words."""

from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union


def vectorizers(min_df: int = 2) -> dict[str, Any]:
    """Of words, and of words and pieces; what fewer than `min_df` texts have is left out."""
    common: dict[str, Any] = {"min_df": min_df, "sublinear_tf": True}
    words = TfidfVectorizer(ngram_range=(1, 2), **common)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common)
    return {"words": words, "words and pieces": make_union(words, pieces)}
