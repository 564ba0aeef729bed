"""Word pieces: a vocabulary learned from text, as BERT has one. `pretraining/bert_from_scratch`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # their ids are 0 to 4
PAD, UNK, CLS, SEP, MASK = range(len(SPECIAL))


def word_pieces(pieces: Sequence[str]) -> Tokenizer:
    """The WordPiece tokenizer, lower case, whose ids number `pieces`.

    It gives no special tokens by itself. ValueError when `pieces` does not begin with `SPECIAL` or
    holds a piece twice.
    """
    ids = {piece: i for i, piece in enumerate(pieces)}
    if tuple(pieces[: len(SPECIAL)]) != SPECIAL or len(ids) < len(pieces):
        raise ValueError(f"pieces must begin with {' '.join(SPECIAL)} and hold each piece once")
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def learn_pieces(texts: Iterable[str], vocab_size: int) -> list[str]:
    """At most `vocab_size` pieces, the special ones first, the others in alphabetical order.

    The trainer of `tokenizers` chooses them; which ids it gives, and which of equally good pieces
    come last, differs from run to run.
    """
    tokenizer = word_pieces(SPECIAL)
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return [*SPECIAL, *sorted({*tokenizer.get_vocab()} - {*SPECIAL})]
