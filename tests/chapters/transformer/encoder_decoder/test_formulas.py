"""Formulas of transformer/encoder_decoder against torch, the chain rule in loops, and sacrebleu."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sacrebleu.metrics import BLEU, CHRF

from lmcourse.models.encoder_decoder import EncoderDecoder, EncoderDecoderConfig
from tests.chapter import functions

chapter = functions("transformer/encoder_decoder")

WRITTEN = ["关闭标签", "打开新的文件 %1", "保存 notebook", "文件文件文件文件", "运行所有单元格"]
REFERENCES = ["关闭所有标签页", "打开文件 %1", "保存笔记本 notebook", "文件", "运行所有的单元格"]


@pytest.mark.formula(1, "chapter:cross_attention")
def test_cross_attention_is_torchs():
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 8), torch.randn(5, 8), torch.randn(5, 2)
    found, weights = chapter["cross_attention"](query, key, value)
    torch.testing.assert_close(found, F.scaled_dot_product_attention(query, key, value))
    torch.testing.assert_close(weights.sum(-1), torch.ones(3))


@pytest.mark.formula(2, "chapter:loss_fn")
def test_the_loss_is_the_chain_rule_step_by_step():
    """-ln p of each text, a symbol at a time, without the rest of the text in sight."""
    torch.manual_seed(0)
    model = EncoderDecoder(EncoderDecoderConfig(7, 6, longest=8, d_model=8, n_heads=2)).eval()
    rows = [([1, 2, 3], [0, 4, 5, 1, 0]), ([6], [0, 2, 0]), ([], [0, 3, 3, 0])]
    nats, symbols = 0.0, 0
    with torch.no_grad():
        loss = float(chapter["loss_fn"](model, chapter["batch_of"](rows)))
        for source, target in rows:
            ids = torch.tensor([source]).long()
            for t in range(1, len(target)):
                given = torch.tensor([target[:t]])
                p = model(ids, torch.ones_like(ids).bool(), given)[0, -1].softmax(-1)
                nats -= math.log(float(p[target[t]]))
                symbols += 1
    assert loss == pytest.approx(nats / symbols, abs=1e-5)


@pytest.mark.formula(3, "chapter:chrf")
@pytest.mark.parametrize("beta", [1, 2, 3])
def test_chrf_is_sacrebleus(beta):
    counts = chapter["chrf_counts"](WRITTEN, REFERENCES).sum(0)
    expected = CHRF(beta=beta).corpus_score(WRITTEN, [REFERENCES]).score
    assert chapter["chrf"](counts, beta) == pytest.approx(expected)


@pytest.mark.formula(4, "chapter:bleu")
@pytest.mark.parametrize("cut", [0, 3])
def test_bleu_is_sacrebleus(cut):
    """Once with more words than the references have, once with fewer."""
    written = WRITTEN if not cut else [text[: len(text) - cut] for text in WRITTEN]
    spaced = [[" ".join(text) for text in texts] for texts in (written, REFERENCES)]
    counts = [chapter["counts_of"](h.split(), r.split(), 4) for h, r in zip(*spaced, strict=True)]
    expected = BLEU(tokenize="none").corpus_score(spaced[0], [spaced[1]])
    assert (expected.bp < 1) == bool(cut)
    assert chapter["bleu"](np.sum(counts, axis=0)) == pytest.approx(expected.score)


def test_counts_are_clipped():
    assert chapter["counts_of"]("文文文", "文件", 2).tolist() == [[3, 2, 1], [2, 1, 0]]
