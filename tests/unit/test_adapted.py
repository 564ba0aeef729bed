"""What holds for whatever is added to a classifier: what trains, is saved, is refused."""

import pytest
import torch
import torch.nn.functional as F

from lmcourse.models.adalora import AdaLoRA
from lmcourse.models.adapted import Adapted, fingerprint
from lmcourse.models.adapter import Adapters
from lmcourse.models.classifier import SentenceClassifier
from lmcourse.models.lora import LoRA
from lmcourse.models.prefix import Prefix
from tests.unit.adapted import IDS, MASK, scrambled, tiny

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


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind):
    model = scrambled(KINDS[kind](tiny()).eval())
    alone = model(IDS[1:, :2], MASK[1:, :2])
    torch.testing.assert_close(model(IDS, MASK)[1:], alone, atol=1e-5, rtol=0)


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


def test_what_is_refused_leaves_the_classifier_as_it_was():
    base = tiny()
    names = [name for name, _ in base.named_parameters()]
    for refused in (
        lambda: LoRA(base, 17),
        lambda: LoRA(base, 2, names=("q_proj",)),
        lambda: AdaLoRA(base, 17, 3),
        lambda: AdaLoRA(base, 4, 5),
        lambda: Adapters(base, 17),
        lambda: Prefix(base, 64),
        lambda: Prefix(base, 0),
    ):
        with pytest.raises(ValueError, match=r"rank|kept|size|length|no linear layer"):
            refused()
        assert all(p.requires_grad for p in base.parameters())
        assert [name for name, _ in base.named_parameters()] == names


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
