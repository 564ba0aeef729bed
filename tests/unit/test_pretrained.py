"""Pretrained models: packaged weights by default, the pinned hub on request, and the way back."""

import types

import numpy as np
import pytest
import torch
import transformers
from transformers import BertConfig, BertModel, BertTokenizer

from lmcourse.data.catalogue import ENCODER
from lmcourse.models import pretrained


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory):
    """A tiny BERT in a folder, as the hub's download would leave it."""
    folder = tmp_path_factory.mktemp("hub")
    torch.manual_seed(0)
    config = BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
    BertModel(config).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "film"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_the_packaged_encoder_is_the_real_minilm():
    tokenizer, model = pretrained.encoder()
    assert (model.config.num_hidden_layers, model.config.hidden_size) == (6, 384)
    assert len(tokenizer) == 30_522
    assert not model.training
    sentences = ["A moving film.", "A touching movie.", "The invoice is due on Friday."]
    batch = tokenizer(sentences, return_tensors="pt", padding=True)
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state  # [3, T, 384]
    mask = batch["attention_mask"][..., None]
    vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    alike, unlike = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert alike > unlike + 0.4  # what it was trained for


def test_the_head_is_drawn_from_the_seed():
    first, again, other = (pretrained.classifier(3, seed)[1] for seed in (0, 0, 1))
    assert torch.equal(first.classifier.weight, again.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert first.classifier.weight.shape == (3, 384)
    assert pretrained.classifier(1, 0)[1].classifier.weight.shape == (1, 384)  # a score
    body = "bert.encoder.layer.0.attention.self.query.weight"
    assert torch.equal(first.state_dict()[body], other.state_dict()[body])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="num_labels"):
        pretrained.classifier(0, 0)
    with pytest.raises(ValueError, match="single_label_classification"):
        pretrained.classifier(2, 0, problem_type="ranking")


def test_the_hub_is_asked_for_the_pinned_revision(monkeypatch, hub_folder, capsys):
    asked = []

    def snapshot_download(name, *, revision, allow_patterns):
        asked.append((name, revision))
        return str(hub_folder)

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    tokenizer, model = pretrained.encoder()
    assert asked == [(ENCODER.hub.repository, ENCODER.hub.revision)]
    assert model.config.hidden_size == 8
    assert tokenizer("a good film")["input_ids"] == [2, 5, 6, 7, 3]
    assert capsys.readouterr().out == ""


def test_an_unreachable_hub_falls_back_and_says_so(monkeypatch, capsys):
    def snapshot_download(*args, **options):
        raise ConnectionError("no route")

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    _, model = pretrained.encoder()
    assert model.config.hidden_size == 384
    assert "using the packaged weights" in capsys.readouterr().out


def test_the_causal_lm_knows_its_language():
    tokenizer, model = pretrained.causal_lm()
    ids = tokenizer("The capital of France is", return_tensors="pt")
    with torch.no_grad():
        logits = model(**ids).logits[0, -1]
    assert tokenizer.decode(logits.argmax()) == " Paris"
    assert sum(p.numel() for p in model.parameters()) == 134_515_008


def test_the_causal_lm_can_pad_where_its_file_names_no_token_for_it(monkeypatch):
    for pad in (None, "<pad>"):
        tokenizer = types.SimpleNamespace(pad_token=pad, eos_token="<end>")
        monkeypatch.setattr(pretrained, "_load", lambda *_, found=tokenizer: (found, None))
        assert pretrained.causal_lm()[0].pad_token == (pad or "<end>")


def test_the_encoders_folder_is_what_from_pretrained_wants():
    folder = pretrained.encoder_folder()
    encoder = transformers.AutoModel.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert (encoder.config.hidden_size, len(tokenizer)) == (384, 30_522)
    assert encoder.dtype == torch.float32


def test_the_encoders_folder_is_the_hubs_when_asked(monkeypatch, hub_folder):
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download", lambda repository, **options: str(hub_folder)
    )
    assert pretrained.encoder_folder() == hub_folder


def test_a_gguf_file_is_read_once(monkeypatch, tmp_path):
    import gguf

    opened = []

    class Reader:
        def __init__(self, path):
            opened.append(path)
            self.data = np.memmap(path, mode="w+", shape=3)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gguf, "GGUFReader", Reader)
    monkeypatch.setattr(gguf, "get_tensor_name_map", lambda architecture, blocks: object())
    pretrained.read_gguf_once()
    first = gguf.GGUFReader
    pretrained.read_gguf_once()
    assert gguf.GGUFReader is first
    assert gguf.GGUFReader("a") is gguf.GGUFReader("a")
    assert gguf.GGUFReader("b") is not gguf.GGUFReader("a")
    assert type(gguf.GGUFReader("a").data) is np.ndarray
    assert gguf.get_tensor_name_map(1, 30) is gguf.get_tensor_name_map(1, 30)
    assert opened[:2] == ["a", "b"]
