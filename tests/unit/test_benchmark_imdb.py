"""The last rung, benchmarks/imdb.py: a tiny encoder from the hub or a packaged one; no real run."""

import importlib
import json
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from sklearn.metrics import accuracy_score
from transformers import BertConfig, BertModel, BertTokenizer

from lmcourse import session
from lmcourse.data.catalogue import ENCODER
from lmcourse.models import pretrained

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "bad", "film", "."]
NUMBERS = np.random.default_rng(0).permutation(120)


class Here:
    """An executor that computes at once, in this process."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, *arguments):
        done = Future()
        done.set_result(function(*arguments))
        return done


@pytest.fixture
def imdb(tmp_path, monkeypatch):
    """The script, with few easy reviews, a folder for its record, and no GPU."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setenv("LMCOURSE_DEVICE", "cpu")
    module = importlib.import_module("imdb")
    monkeypatch.setattr(importlib.import_module("sweep"), "SWEEPS", tmp_path)
    monkeypatch.setattr(module, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(module, "load_labelled_imdb", lambda: {s: reviews(s) for s in SIZES})
    return module


SIZES = {"train": 80, "validation": 20, "test": 40}


def reviews(split):
    labels = [int(i) % 2 for i in NUMBERS[: SIZES[split]]]
    words = ("bad", "good")
    texts = [f"a {words[n]} film . " * (1 + i % 3) for i, n in enumerate(labels)]
    return Dataset.from_dict({"text": texts, "label": labels})


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A tiny BERT where the hub's bert-base-uncased would be."""
    folder = tmp_path / "hub"
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(WORDS), **sizes)).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    asked = []

    def snapshot_download(name, *, revision, allow_patterns):
        asked.append((name, revision))
        return str(folder)

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return asked


def unpacked(digits, n):
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), dtype=np.uint8))[:n]


def test_every_run_is_recorded_once_with_what_it_read_and_reached(imdb, hub, tmp_path, capsys):
    imdb.main("gpu", limit=0, seeds=2)
    assert {*hub} == {(ENCODER.hub.repository, ENCODER.hub.revision)}
    assert "final  TF-IDF, words" in capsys.readouterr().out
    file = tmp_path / "gpu/bert/choosing_a_model.json"
    record = json.loads(file.read_text())
    assert record["chapter"] == "bert/choosing_a_model"
    assert record["sizes"] == SIZES
    assert unpacked(record["truth"]["test"], 40).tolist() == reviews("test")["label"]
    choice = [run for run in record["runs"] if run["stage"] == "choice"]
    final = [run for run in record["runs"] if run["stage"] == "final"]
    assert [run["rate"] for run in choice] == list(imdb.RATES)
    assert not any("right" in run for run in choice)  # the test reviews stay closed
    best = max(choice, key=lambda run: run["accuracy"])["rate"]
    encoders = [run for run in final if run["system"] == "encoder"]
    assert {run["rate"] for run in encoders} == {best}
    assert [(r["longest"], r["seed"]) for r in encoders] == [(512, 0), (512, 1), (256, 0), (256, 1)]
    for run in encoders:
        bert_base = {"name": "google-bert/bert-base-uncased", "layers": 1, "width": 16}
        assert run["weights"] == bert_base | {"numbers": "F32"}
        assert run["lost"] == [0, 0]
    counting = [run for run in final if run["system"] == "TF-IDF"]
    assert [run["features"] for run in counting] == ["words", "words and pieces"]
    for run in final:
        right = unpacked(run["right"]["validation"], 20)
        assert run["accuracy"] == pytest.approx(right.mean())
        assert run["one"][0] <= run["one"][1]
        assert run["batch"][1] <= run["batch"][0]
        assert min(run["stored"], run["trained"], run["memory"], run["learning"]["MB"]) > 0
    assert counting[0]["accuracy"] == 1.0  # these reviews are easy
    imdb.fine_tuned = None  # a second time there is nothing to do
    imdb.main("gpu", limit=0, seeds=2)
    assert json.loads(file.read_text()) == record


def test_what_is_right_is_what_scikit_learn_counts(imdb):
    data = imdb.load()

    def said(texts):
        return np.random.default_rng(1).integers(0, 2, size=len(texts))

    answered = {name: said(data[name][0]) for name in ("test", "validation")}
    found = imdb.judged(answered, said, data)
    truth = data["test"][1]
    expected = accuracy_score(truth, answered["test"])
    assert unpacked(found["right"]["test"], len(truth)).mean() == pytest.approx(expected)


def test_a_review_loses_its_end_and_keeps_its_special_tokens(imdb, hub):
    tokenizer = imdb.Encoder(session.start("cpu"), longest=6).tokenizer
    texts = ["a good film .", "a good film . bad bad"]  # 6 and 8 tokens
    whole = tokenizer(texts)["input_ids"]
    assert imdb.cut(whole, 6) == [[2, 5, 6, 8, 9, 3]] * 2
    assert imdb.lost(whole, 6) == [0.5, round(2 / 14, 4)]
    for longest in (3, 5, 7, 8):
        shortened = tokenizer(texts, truncation=True, max_length=longest)["input_ids"]
        assert imdb.cut(whole, longest) == shortened


def test_torchs_attention_gives_the_answers_of_plain_products(imdb, hub):
    encoder = imdb.Encoder(session.start("cpu"), longest=512)
    ids, mask = (
        torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]]),
        torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
    )
    fused = encoder.model(ids, mask)
    encoder.model.encoder.set_attn_implementation("eager")
    torch.testing.assert_close(encoder.model(ids, mask), fused, atol=1e-5, rtol=0)


def test_without_the_hub_the_packaged_encoder_is_named(imdb, monkeypatch, capsys):
    packaged = {"name": ENCODER.requirement, "layers": 6, "width": 384, "numbers": "F32"}
    assert imdb.which() == packaged

    def snapshot_download(*_, **__):
        raise ConnectionError

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert imdb.which() == packaged
    assert "using the packaged weights" in capsys.readouterr().out


def test_a_limit_keeps_a_quarter_to_judge_by_and_both_labels(imdb):
    data = imdb.load(40)
    assert {name: len(texts) for name, (texts, _) in data.items()} == {
        "train": 40,
        "validation": 10,
        "test": 10,
    }
    with pytest.raises(ValueError, match="with limit 4, 'validation' does not hold both labels"):
        imdb.load(4)


def test_without_a_gpu_nothing_is_read(imdb, monkeypatch):
    monkeypatch.delenv("LMCOURSE_DEVICE")
    for kind in (torch.cuda, torch.backends.mps):
        monkeypatch.setattr(kind, "is_available", lambda: False)
    monkeypatch.setattr(imdb, "load", lambda limit: pytest.fail("read"))
    with pytest.raises(RuntimeError, match="found no GPU"):
        imdb.main("gpu")
    with pytest.raises(ValueError, match="smoke, cpu, gpu"):
        imdb.main("tpu")


def test_weights_are_what_pretrained_brings(imdb, hub):
    assert imdb.Encoder(session.start("cpu"), 8).model.encoder.config.hidden_size == 16
    assert pretrained.encoder()[1].config.hidden_size == 16
