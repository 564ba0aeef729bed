"""The prefix against `peft` and attention written out."""

import peft
import torch

from lmcourse.models.prefix import Prefix
from tests.unit.adapted import BESIDE_PEFT, IDS, MASK, scrambled, theirs, through, tiny

pytestmark = BESIDE_PEFT


def test_prefix_equals_peft_whose_text_begins_after_the_prefix():
    base = tiny()
    config = peft.PrefixTuningConfig(task_type="FEATURE_EXTRACTION", num_virtual_tokens=5)
    other = theirs(base.encoder, config)
    model = scrambled(Prefix(base, 5, first_position=5).eval())
    rows = model.prefix.permute(3, 0, 1, 2, 4).reshape(5, -1)  # [L, layers · 2 · d]
    with torch.no_grad():
        other.prompt_encoder["default"].embedding.weight.copy_(rows)
    expected = through(other, base.head)
    torch.testing.assert_close(model(IDS, MASK), expected, atol=1e-5, rtol=0)


def test_prefix_equals_attention_over_its_keys_and_ours_written_out():
    base = tiny()
    model = scrambled(Prefix(base, 5).eval())
    hidden = base.encoder.embeddings(IDS[:1])  # [1, T, d]
    for (key, value), layer in zip(model.prefix, base.encoder.encoder.layer, strict=True):
        own = layer.attention.self
        q, k, v = ((f(hidden)[0]).view(4, 2, 8) for f in (own.query, own.key, own.value))
        mixed = torch.zeros(4, 2, 8)
        for head in range(2):
            keys = torch.cat([key[head], k[:, head]])  # [L + T, d_head]
            values = torch.cat([value[head], v[:, head]])
            shares = (q[:, head] @ keys.T / 8**0.5).softmax(dim=-1)
            mixed[:, head] = shares @ values
        middle = layer.attention.output(mixed.reshape(1, 4, 16), hidden)
        hidden = layer.output(layer.intermediate(middle), middle)
    expected = base.head(hidden.mean(dim=1))
    torch.testing.assert_close(model(IDS, MASK)[:1], expected, atol=1e-5, rtol=0)
