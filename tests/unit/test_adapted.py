"""LoRA, AdaLoRA, adapters and prefix against `peft` and direct formulas."""

import copy

import peft
import pytest
import torch
import torch.nn.functional as F
import transformers

from lmcourse.models.adalora import AdaLoRA
from lmcourse.models.adapted import Adapted, fingerprint
from lmcourse.models.adapter import Adapters
from lmcourse.models.classifier import SentenceClassifier
from lmcourse.models.lora import LoRA
from lmcourse.models.prefix import Prefix

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing`:FutureWarning"  # peft asks for the old name
)
IDS = torch.tensor([[2, 9, 8, 3], [2, 3, 0, 0]])  # [B, T]
MASK = (IDS != 0).long()
KINDS = {
    "Adapters": lambda c: Adapters(c, 3),
    "Prefix": lambda c: Prefix(c, 5),
    "LoRA": lambda c: LoRA(c, 3),
    "AdaLoRA": lambda c: AdaLoRA(c, 4, 3),
}
COUNTS = {  # two layers of width 16
    "Adapters": 2 * 2 * (2 * 16 * 3 + 3 + 16),
    "Prefix": 2 * 2 * 5 * 16,
    "LoRA": 2 * 2 * 3 * (16 + 16),
    "AdaLoRA": 2 * 2 * 4 * (16 + 16 + 1),
}


def tiny(seed=0, width=16):
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        attn_implementation="eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    encoder = transformers.BertModel(config, add_pooling_layer=False)
    return SentenceClassifier(encoder, 2, dropout=0.0).eval()


def scrambled(model, seed=1):
    """The model with numbers drawn for everything that it trains."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.trained_parameters.values():
            p.copy_(0.3 * torch.randn(p.shape, generator=generator))
    return model


def theirs(encoder, config):
    """`peft`'s model around a copy of the encoder."""
    return peft.get_peft_model(copy.deepcopy(encoder), config).eval()


def through(encoder, head, **inputs):
    """Scores from a peft model's hidden states: formula (2) of the fine-tuning chapter."""
    hidden = encoder(input_ids=IDS, attention_mask=MASK, **inputs).last_hidden_state
    rows = [h[:n].mean(dim=0) for h, n in zip(hidden, MASK.sum(dim=1), strict=True)]
    return head(torch.stack(rows))


@pytest.mark.parametrize("kind", ["LoRA", "AdaLoRA", "Adapters"])
def test_fresh_additions_change_nothing_to_the_last_bit(kind):
    before = tiny()(IDS, MASK)
    after = KINDS[kind](tiny()).eval()(IDS, MASK)
    assert torch.equal(before, after)
    assert not torch.equal(scrambled(KINDS[kind](tiny()).eval())(IDS, MASK), after)


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_the_counted_parameters_receive_gradients(kind):
    model = scrambled(KINDS[kind](tiny()))
    before = {name: p.clone() for name, p in model.named_parameters()}
    assert model.added == COUNTS[kind]
    F.cross_entropy(model(IDS, MASK), torch.tensor([0, 1])).backward()
    reached = {name for name, p in model.named_parameters() if p.grad is not None}
    assert reached == set(model.trained_parameters)
    assert all(p.grad.abs().sum() > 0 for p in model.trained_parameters.values())
    torch.optim.AdamW(model.parameters(), lr=0.1).step()
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert moved == reached


def test_lora_equals_peft_and_so_does_its_merged_matrix():
    base = tiny()
    config = peft.LoraConfig(r=3, lora_alpha=6, target_modules=["query", "value"])
    other = theirs(base.encoder, config)
    model = scrambled(LoRA(base, 3, 6.0).eval())
    for name, layer in model.layers.items():
        module = other.base_model.model.get_submodule(name)
        module.lora_A["default"].weight.data = layer.A.data
        module.lora_B["default"].weight.data = layer.B.data
        torch.testing.assert_close(module.get_delta_weight("default"), layer.change())
    expected = through(other, base.head)
    torch.testing.assert_close(model(IDS, MASK), expected, atol=1e-5, rtol=0)
    model.merge()
    merged = through(other.merge_and_unload(), base.head)
    torch.testing.assert_close(model(IDS, MASK), merged, atol=1e-5, rtol=0)


def test_merged_equals_unmerged_and_a_second_merge_adds_nothing():
    model = scrambled(LoRA(tiny(), 3).eval())
    before = model(IDS, MASK)
    weights = {name: layer.linear.weight.clone() for name, layer in model.layers.items()}
    model.merge()
    once = model(IDS, MASK)
    model.merge()
    assert torch.equal(model(IDS, MASK), once)
    torch.testing.assert_close(once, before, atol=1e-5, rtol=0)
    layer = next(iter(model.layers.values()))
    assert not torch.allclose(layer.linear.weight, next(iter(weights.values())))
    model.unmerge()
    model.unmerge()
    for name, layer in model.layers.items():
        torch.testing.assert_close(layer.linear.weight, weights[name], atol=1e-6, rtol=0)
    torch.testing.assert_close(model(IDS, MASK), before, atol=1e-5, rtol=0)


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


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind):
    model = scrambled(KINDS[kind](tiny()).eval())
    alone = model(IDS[1:, :2], MASK[1:, :2])
    torch.testing.assert_close(model(IDS, MASK)[1:], alone, atol=1e-5, rtol=0)


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


def pair(rank=4, kept=2):
    """Ours and `peft`'s AdaLoRA with the same numbers, ours and theirs."""
    base = tiny()
    config = peft.AdaLoraConfig(
        init_r=rank,
        target_r=kept,
        lora_alpha=8,
        target_modules=["query", "value"],
        total_step=40,
        tinit=4,
        tfinal=12,
        deltaT=10,
    )
    other = theirs(base.encoder, config)
    model = scrambled(AdaLoRA(base, rank, kept, 8.0).eval())
    for name, layer in model.layers.items():
        module = other.base_model.model.get_submodule(name)
        module.lora_A["default"].data = layer.Q.data.clone()
        module.lora_E["default"].data = layer.L.data[:, None].clone()
        module.lora_B["default"].data = layer.P.data.clone()
    return base, model, other


def test_adalora_equals_peft():
    base, model, other = pair()
    expected = through(other, base.head)
    torch.testing.assert_close(model(IDS, MASK), expected, atol=1e-5, rtol=0)


def test_adalora_prunes_what_peft_prunes():
    base, model, other = pair()
    allocator, after = other.base_model.rankallocator, model.on_step(40)
    base.head.requires_grad_(False)
    pruned = 0
    for step in range(1, 41):
        for one in (model, other):
            z = model(IDS, MASK) if one is model else through(other, base.head)
            one.zero_grad()
            F.cross_entropy(z, torch.tensor([0, 1])).backward()
            with torch.no_grad():
                for p in one.parameters():
                    if p.requires_grad:
                        p -= 0.1 * p.grad
        after(step)
        other.base_model.update_and_allocate(step)
        if step <= 28:
            assert model.budget(step, 40) == allocator.budget_schedule(step)[0]
        for name, layer in model.layers.items():
            module = other.base_model.model.get_submodule(name)
            L = module.lora_E["default"].flatten()
            torch.testing.assert_close(layer.L, L, atol=1e-4, rtol=0)
            pruned += int((L == 0).sum())
    assert pruned
    assert sum(int(alive.sum()) for alive in model.alive.values()) == model.left == 8
    assert sum(int((layer.L != 0).sum()) for layer in model.layers.values()) == 8


def test_adaloras_penalty_is_zero_at_first_and_is_that_of_the_paper():
    model = AdaLoRA(tiny(), 4, 3)
    assert model.penalty() < 1e-8
    scrambled(model)
    total = 0.0
    for layer in model.layers.values():
        P, Q = layer.P.detach(), layer.Q.detach()
        for a in (P.T @ P, Q @ Q.T):
            total += sum((float(a[i, j]) - (i == j)) ** 2 for i in range(4) for j in range(4))
    assert model.penalty().item() == pytest.approx(total, rel=1e-5)


def test_adalora_counts_what_is_left():
    model = AdaLoRA(tiny(), 4, 3)
    assert (model.all, model.left, model.used) == (16, 12, 12 * 33)
    budgets = [model.budget(step, 100) for step in range(101)]
    assert budgets[:11] == [16] * 11
    assert budgets[70:] == [12] * 31
    assert budgets == sorted(budgets, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_save_and_load_give_the_same_scores(kind, tmp_path):
    model, fresh = scrambled(KINDS[kind](tiny()).eval()), KINDS[kind](tiny()).eval()
    model.save(tmp_path / "small")
    fresh.load(tmp_path / "small")
    assert torch.equal(model(IDS, MASK), fresh(IDS, MASK))
    assert (tmp_path / "small").stat().st_size < 4 * (model.added + 34) + 3000


def test_a_file_for_another_base_model_is_refused_naming_both(tmp_path):
    model = LoRA(tiny(0), 3)
    model.save(tmp_path / "small")
    for other in (LoRA(tiny(1), 3), LoRA(tiny(0, width=8), 3)):
        before = [p.clone() for p in other.parameters()]
        with pytest.raises(ValueError, match="for the base model bert, 2 layers of width 16") as e:
            other.load(tmp_path / "small")
        assert model.base in str(e.value)
        assert other.base in str(e.value)
        assert all(map(torch.equal, before, other.parameters()))
    assert model.base == fingerprint(tiny(0).encoder)


def test_files_that_do_not_fit_are_refused(tmp_path):
    file = tmp_path / "small"
    with pytest.raises(ValueError, match="there is no file"):
        LoRA(tiny()).load(file)
    LoRA(tiny(), 3).save(file)
    with pytest.raises(ValueError, match=r"'rank': 3.*'rank': 2"):
        LoRA(tiny(), 2).load(file)
    with pytest.raises(ValueError, match=r"'LoRA'.*'Prefix'"):
        Prefix(tiny(), 3).load(file)
    three = SentenceClassifier(tiny().encoder, 3)
    with pytest.raises(ValueError, match=r"'classifier.head.bias': \[2\].*\[3\]"):
        LoRA(three, 3).load(file)


@pytest.mark.parametrize("wrong", [0, -1, 17, 2.0, True])
def test_sizes_outside_their_limits_are_refused(wrong):
    for build in (lambda c: LoRA(c, wrong), lambda c: AdaLoRA(c, wrong, 1)):
        with pytest.raises(ValueError, match=r"rank|kept"):
            build(tiny())
    with pytest.raises(ValueError, match="size must be a whole number from 1 to 16"):
        Adapters(tiny(), wrong)


def test_limits_are_named():
    with pytest.raises(ValueError, match="rank must be a whole number from 1 to 16"):
        LoRA(tiny(), 17)
    with pytest.raises(ValueError, match="kept must be a whole number from 1 to 4"):
        AdaLoRA(tiny(), 4, 5)
    with pytest.raises(ValueError, match="length must be a whole number from 1 to 63"):
        Prefix(tiny(), 64)
    with pytest.raises(ValueError, match="no linear layer"):
        LoRA(tiny(), 2, names=("q_proj",))
    long = torch.full((1, 60), 9)
    with pytest.raises(ValueError, match=r"length 5 of the prefix and 60 tokens .* 64"):
        Prefix(tiny(), 5)(long, torch.ones_like(long))
    Prefix(tiny(), 4)(long, torch.ones_like(long))


def test_an_adapted_classifier_alone_trains_the_head():
    model = Adapted(tiny())
    assert set(model.trained_parameters) == {"classifier.head.weight", "classifier.head.bias"}
    assert model.added == 0
    assert torch.equal(model(IDS, MASK), tiny()(IDS, MASK))
