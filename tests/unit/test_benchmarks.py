"""The loops that benchmarks/ compares: what it says of them, on a model of a few numbers."""

import importlib
import json
from pathlib import Path

import pytest
import torch
import transformers

from lmcourse import session

N = 37


@pytest.fixture(autouse=True)
def _beside_the_scripts(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setenv("TQDM_DISABLE", "1")


@pytest.fixture
def finetune():
    return importlib.import_module("finetune")


@pytest.fixture
def examples():
    draw = torch.Generator().manual_seed(0)
    lengths = torch.randint(2, 20, (N,), generator=draw).tolist()
    ids = [torch.randint(1, 50, (n,), generator=draw).tolist() for n in lengths]
    return {"input_ids": ids, "labels": [int(row[0] > 25) for row in ids]}


def tiny():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def trained(loop, examples, **options):
    model = tiny()
    loop(model, examples, session.start("cpu", 3), **options)
    return model.state_dict()


def test_padding_to_128_or_to_the_longest_trains_the_same_model(finetune, examples):
    narrow = trained(finetune.tutorial, examples, width=None)
    wide = trained(finetune.tutorial, examples)
    assert all(torch.allclose(narrow[name], wide[name], atol=1e-5) for name in wide)
    assert any(
        not torch.allclose(tiny().state_dict()[name], wide[name], atol=1e-4) for name in wide
    )


@pytest.mark.parametrize("loop", ["tutorial", "book"])
def test_both_loops_see_each_example_once_in_the_same_number_of_updates(
    finetune, examples, loop, monkeypatch
):
    seen, updates = [], []
    collate, step = finetune.collate, torch.optim.AdamW.step

    def collated(examples, items, width=None):
        seen.append(list(items))
        return collate(examples, items, width)

    def stepped(optimizer, *arguments):
        updates.append(1)
        return step(optimizer, *arguments)

    monkeypatch.setattr(finetune, "collate", collated)
    monkeypatch.setattr(torch.optim.AdamW, "step", stepped)
    trained(getattr(finetune, loop), examples)
    assert sorted(i for items in seen for i in items) == list(range(N))
    assert len(updates) == len(seen) == -(-N // finetune.BATCH)


def test_accuracy_is_the_share_of_right_labels(finetune, examples):
    model, run = tiny(), session.start("cpu")
    with torch.no_grad():
        alone = [model(torch.tensor([ids])).logits.argmax().item() for ids in examples["input_ids"]]
    right = sum(a == b for a, b in zip(alone, examples["labels"], strict=True))
    assert finetune.accuracy(model.train(), examples, run) == pytest.approx(right / N)


def test_every_sentence_is_trained_on_or_held_out(examples):
    split = importlib.import_module("accuracy").split
    validation = {"input_ids": [[49] * 30], "labels": [1]}
    seen, held_out = split(examples, validation, seed=1)
    assert (len(seen["labels"]), len(held_out["labels"])) == (N - N // 5, N // 5 + 1)
    together = seen["input_ids"] + held_out["input_ids"]
    assert sorted(together) == sorted(examples["input_ids"] + validation["input_ids"])
    assert split(examples, validation, seed=2)[0] != seen


def test_a_record_says_what_it_holds_for(tmp_path):
    run = session.start("cpu")
    written = tmp_path / "toy.json"
    importlib.import_module("storing").write(written, "python benchmarks/toy.py", run, runs=[1, 2])
    stored = [*(Path(__file__).parents[2] / "benchmarks").glob("*.json"), written]
    for file in stored:
        record = json.loads(file.read_text())
        assert record["command"].startswith(f"python benchmarks/{file.stem}.py")
        assert {"date", "device", "threads", "precision", "versions", "runs"} <= record.keys()
        assert record["versions"].keys() == {"python", "torch", "transformers"}
    assert record["versions"]["torch"] == torch.__version__
    assert record["runs"] == [1, 2]
    assert len(stored) == 3


@pytest.fixture
def learning_rate():
    return importlib.import_module("learning_rate")


def test_the_heads_stand_on_the_same_encoder_and_differ_in_the_pooler(learning_rate):
    models = {head: learning_rate.built(head, 0).eval() for head in learning_rate.HEADS}
    encoders = [model.encoder for model in models.values()]
    for encoder in encoders[1:]:
        for name, parameter in encoders[0].named_parameters():
            assert torch.equal(encoder.get_parameter(name), parameter)
    shipped, fresh = (encoder.pooler.dense for encoder in encoders[1:])
    assert encoders[0].pooler is None
    assert not torch.equal(shipped.weight, fresh.weight)
    assert fresh.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert not fresh.bias.any()
    for model in models.values():  # padding does not matter to any
        alone, padded = (
            learning_rate.scores(model, rows)
            for rows in ([[101, 7, 102]], [[101, 7, 102], [9] * 9])
        )
        torch.testing.assert_close(padded[:1], alone, atol=1e-5, rtol=0)


def test_a_search_goes_on_from_its_own_record_alone(learning_rate, tmp_path):
    file = tmp_path / "record.json"
    assert learning_rate.kept(None, "search") == learning_rate.kept(file, "search") == []
    file.write_text(json.dumps({"command": "search", "runs": [{"seed": 0}]}))
    assert learning_rate.kept(file, "search") == [{"seed": 0}]
    assert learning_rate.kept(file, "another search") == []
