"""The classifier on the mean of the tokens: padding must not matter, segments must."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizer, GPT2Config, GPT2Model

from lmcourse.models import pretrained
from lmcourse.models.classifier import (
    HEAD,
    SentenceClassifier,
    fresh,
    load,
    mean_of_tokens,
    save,
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
    )
    return SentenceClassifier(BertModel(config, add_pooling_layer=False), 3).eval()


def test_scores_equal_a_direct_computation(model):
    ids = torch.tensor([[2, 7, 9, 3, 0, 0], [2, 5, 3, 0, 0, 0]])  # [B, T]
    scores = model(ids, (ids != 0).long())  # [B, 3]
    for row, length in enumerate([4, 3]):
        hidden = model.encoder(input_ids=ids[row : row + 1, :length]).last_hidden_state[0]
        expected = model.head.weight @ hidden.mean(dim=0) + model.head.bias  # [3]
        torch.testing.assert_close(scores[row], expected)


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.float32])
def test_what_is_padding_and_how_much_does_not_matter(model, kind):
    ids = torch.tensor([[2, 7, 9, 3], [2, 5, 3, 0]])  # [B, T]
    mask = ids != 0  # [B, T]
    expected = model(ids, mask.to(kind))
    noise = torch.randint(4, 50, (2, 5))
    longer = torch.cat([torch.where(mask, ids, 11), noise], dim=1)  # [B, T + 5]
    wide = torch.cat([mask, torch.zeros(2, 5, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(model(longer, wide.to(kind)), expected)
    without = model(longer, torch.ones_like(wide).to(kind))
    assert (without - expected).abs().max() > 0.01


def test_segments_reach_the_encoder(model):
    ids = torch.tensor([[2, 7, 3, 9, 3]])  # [B, T]
    mask, pair = torch.ones_like(ids), torch.tensor([[0, 0, 0, 1, 1]])
    torch.testing.assert_close(model(ids, mask), model(ids, mask, torch.zeros_like(ids)))
    assert (model(ids, mask, pair) - model(ids, mask)).abs().max() > 1e-4


def test_dropout_is_for_training_alone(model):
    ids = torch.tensor([[2, 7, 9, 3]])
    mask = torch.ones_like(ids)
    torch.testing.assert_close(model(ids, mask), model(ids, mask))
    model.train()
    model.encoder.eval()  # what is left is the dropout of the mean
    assert model.dropout.p == 0.1
    assert (model(ids, mask) - model(ids, mask)).abs().max() > 0


def test_every_weight_of_encoder_and_head_gets_a_slope(model):
    ids = torch.tensor([[2, 7, 9, 3]])
    model(ids, torch.ones_like(ids), torch.zeros_like(ids)).logsumexp(dim=-1).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_the_head_is_drawn_from_the_generator(model):
    heads = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        heads.append(SentenceClassifier(model.encoder, 2).head.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_a_mean_survives_rows_without_tokens_and_padding_that_is_not_finite():
    hidden = torch.tensor([[[1.0], [3.0], [torch.inf]], [[5.0], [7.0], [9.0]]])  # [2, 3, 1]
    mask = torch.tensor([[1, 1, 0], [0, 0, 0]])
    torch.testing.assert_close(mean_of_tokens(hidden, mask), torch.tensor([[2.0], [0.0]]))


def test_no_outputs_are_refused(model):
    with pytest.raises(ValueError, match="num_outputs must be at least 1, not 0"):
        SentenceClassifier(model.encoder, 0)


@pytest.fixture
def folder(model, tmp_path):
    """A saved model."""
    vocab = tmp_path / "vocab.txt"
    vocab.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film"]) + "\n")
    save(model, BertTokenizer(vocab=str(vocab)), tmp_path / "saved")
    return tmp_path / "saved"


def test_a_saved_model_gives_the_same_scores(model, folder):
    tokenizer, loaded = load(folder)
    batch = tokenizer(["a film", "a"], padding=True, return_tensors="pt")
    torch.testing.assert_close(loaded(**batch), model(**batch), rtol=0, atol=0)
    assert not loaded.training
    assert loaded.head.out_features == 3


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", HEAD])
def test_an_incomplete_folder_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"no saved SentenceClassifier: {name} is missing"):
        load(folder)


def test_a_model_of_another_architecture_is_refused(folder):
    GPT2Model(GPT2Config(vocab_size=9, n_embd=16, n_layer=1, n_head=2)).save_pretrained(folder)
    with pytest.raises(ValueError, match="holds a model of type 'gpt2', not 'bert'"):
        load(folder)


@pytest.mark.parametrize("change", [{"num_hidden_layers": 3}, {"num_hidden_layers": 1}])
def test_weights_of_another_depth_are_refused(folder, change):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=r"do not fit its config\.json: encoder\.layer"):
        load(folder)


def test_weights_of_another_width_are_refused(folder):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"intermediate_size": 8}))
    with pytest.raises(ValueError, match=r"do not fit its config\.json"):
        load(folder)


def test_the_head_of_another_encoder_is_refused(folder):
    head = load_file(folder / HEAD)
    save_file({"weight": head["weight"][:, :4].contiguous(), "bias": head["bias"]}, folder / HEAD)
    with pytest.raises(ValueError, match="for vectors of 4 numbers, its encoder gives 16"):
        load(folder)


def test_a_fresh_classifier_is_the_published_encoder_under_a_head_of_its_seed():
    published = pretrained.encoder()[1].state_dict()
    first, again, other = fresh(3, 0), fresh(3, 0), fresh(3, 1)
    for name, value in first.encoder.state_dict().items():
        assert torch.equal(value, published[name])
    assert torch.equal(first.head.weight, again.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)
    still = [name for name, p in first.named_parameters() if not p.requires_grad]
    assert still == ["encoder.embeddings.word_embeddings.weight"]
    first.encoder.train()  # there is no dropout in it
    ids = torch.tensor([[101, 2023, 102]])
    with torch.no_grad():
        torch.testing.assert_close(first(ids, ids > 0), again(ids, ids > 0))
    with pytest.raises(ValueError, match="num_outputs"):
        fresh(0, 0)
