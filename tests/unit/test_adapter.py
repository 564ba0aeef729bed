"""Adapters against the layer written out."""

import torch
import torch.nn.functional as F

from lmcourse.models.adapter import Adapters
from tests.unit.adapted import IDS, MASK, scrambled, tiny


def test_adapters_equal_the_layer_written_out():
    model = scrambled(Adapters(tiny(), 3).eval())
    encoder = model.classifier.encoder
    hidden = encoder.embeddings(IDS[:1])

    def bent(sequential, x):
        linear, b = sequential
        h = x @ linear.weight.T + linear.bias
        inside = F.gelu(h @ b.down.weight.T + b.down.bias)
        return h + inside @ b.up.weight.T + b.up.bias

    for layer in encoder.encoder.layer:
        mixed = layer.attention.self(hidden)[0]
        norm = layer.attention.output.LayerNorm
        middle = norm(bent(layer.attention.output.dense, mixed) + hidden)
        wide = F.gelu(layer.intermediate.dense(middle))
        hidden = layer.output.LayerNorm(bent(layer.output.dense, wide) + middle)
    expected = model.classifier.head(hidden.mean(dim=1))
    torch.testing.assert_close(model(IDS, MASK)[:1], expected, atol=1e-5, rtol=0)
