"""The loops that benchmarks/ compares: what it says of them, on a model of a few numbers."""

import dataclasses
import importlib
import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import transformers

from lmcourse import session
from lmcourse.models.classifier import SentenceClassifier
from lmcourse.models.ngram import NGram

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


def tiny(dropout=0.0):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def trained(finetune, way, examples):
    model = tiny()
    finetune.train(way, model, examples, session.start("cpu", 3))
    return model.state_dict()


def differ(ours, theirs, atol):
    return [name for name in ours if not torch.allclose(ours[name], theirs[name], atol=atol)]


def test_each_row_changes_what_it_names_and_the_ladder_ends_at_the_book(finetune):
    ways = list(finetune.ladder().values())
    assert ways[0] == finetune.Way()
    for before, way, change in zip(ways, ways[1:], finetune.CHANGES.values(), strict=False):
        changed = {
            field.name: getattr(way, field.name)
            for field in dataclasses.fields(way)
            if getattr(way, field.name) != getattr(before, field.name)
        }
        assert changed == change != {}
    assert list(finetune.ladder())[-1] == finetune.BOOK
    assert ways[-1].fit
    assert len(ways) == 1 + len(finetune.CHANGES)


def test_padding_to_128_or_to_the_longest_trains_the_same_model(finetune, examples):
    wide = trained(finetune, finetune.Way(), examples)
    narrow = trained(finetune, finetune.Way(width=None), examples)
    assert not differ(narrow, wide, atol=1e-5)
    assert differ(tiny().state_dict(), wide, atol=1e-4)


def test_fused_or_looped_adamw_trains_the_same_model(finetune, examples, monkeypatch):
    fused, step = [], torch.optim.AdamW.step

    def stepped(optimizer, *arguments):
        fused.append(optimizer.param_groups[0]["fused"])
        return step(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", stepped)
    one = trained(finetune, finetune.Way(fused=True), examples)
    steps = len(fused)
    other = trained(finetune, finetune.Way(), examples)
    assert fused == [True] * steps + [False] * steps
    assert not differ(one, other, atol=1e-5)


def test_plain_and_given_attention_train_the_same_model(finetune, examples):
    model = tiny()
    finetune.prepare(finetune.Way(attention="eager"), model)
    assert model.config._attn_implementation == "eager"
    eager = trained(finetune, finetune.Way(attention="eager"), examples)
    assert not differ(eager, trained(finetune, finetune.Way(), examples), atol=1e-4)


def test_frozen_word_embeddings_stay_and_the_rest_learns(finetune, examples):
    fresh = tiny().state_dict()
    still = trained(finetune, finetune.Way(fit=True, frozen=True), examples)
    words = "bert.embeddings.word_embeddings.weight"
    assert words not in differ(still, fresh, atol=0)
    assert {"classifier.weight", "bert.embeddings.LayerNorm.weight"} <= {*differ(still, fresh, 0)}
    assert words in differ(trained(finetune, finetune.Way(fit=True), examples), fresh, atol=0)


@pytest.mark.parametrize("dropout", [True, False])
def test_without_dropout_training_gives_one_answer(finetune, examples, dropout):
    model = tiny(dropout=0.1)
    finetune.prepare(finetune.Way(dropout=dropout), model.train())
    batch = finetune.collate(examples, [0, 1, 2])
    same = torch.equal(model(**batch).logits, model(**batch).logits)
    assert same != dropout


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_bf16_is_used_in_its_row_alone_and_where_the_hardware_has_it(
    finetune, examples, precision, monkeypatch
):
    seen = []
    monkeypatch.setattr(finetune, "fit", lambda *_, session, **__: seen.append(session.precision))
    for able in (True, False):
        monkeypatch.setattr(session, "_fast_bf16", lambda device, able=able: able)
        trained(finetune, finetune.Way(fit=True, precision=precision), examples)
    assert seen == [precision, "fp32"]


@pytest.mark.parametrize("row", range(10))
def test_every_row_sees_each_example_once_in_batches_of_its_size(
    finetune, examples, row, monkeypatch
):
    name, way = list(finetune.ladder().items())[row]
    seen, updates = [], []
    collate = finetune.collate

    def collated(examples, items, width=None):
        seen.append(list(items))
        return collate(examples, items, width)

    monkeypatch.setattr(finetune, "collate", collated)
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: updates.append(1))
    trained(finetune, way, examples)
    assert sorted(i for items in seen for i in items) == list(range(N))
    assert len(updates) == len(seen) == -(-N // way.batch_size), name
    assert max(map(len, seen)) == min(N, way.batch_size)


def test_a_ratio_is_the_median_of_the_ratios_within_the_repeats(finetune):
    runs = {"fast": [20.0, 60.0, 10.0], "slow": [10.0, 20.0, 1.0]}
    assert finetune.ratio(runs, "fast", "slow") == 3.0


def test_accuracy_is_the_share_of_right_labels(examples):
    accuracy = importlib.import_module("accuracy").accuracy
    model, run = tiny(), session.start("cpu")
    with torch.no_grad():
        alone = [model(torch.tensor([ids])).logits.argmax().item() for ids in examples["input_ids"]]
    right = sum(a == b for a, b in zip(alone, examples["labels"], strict=True))
    assert accuracy(model.train(), examples, run) == pytest.approx(right / N)


def test_every_sentence_is_trained_on_or_held_out(examples):
    split = importlib.import_module("accuracy").split
    validation = {"input_ids": [[49] * 30], "labels": [1]}
    seen, held_out = split(examples, validation, seed=1)
    assert (len(seen["labels"]), len(held_out["labels"])) == (N - N // 5, N // 5 + 1)
    together = seen["input_ids"] + held_out["input_ids"]
    assert sorted(together) == sorted(examples["input_ids"] + validation["input_ids"])
    assert split(examples, validation, seed=2)[0] != seen


def test_the_comparison_goes_on_from_its_record(examples, tmp_path, monkeypatch, capsys):
    accuracy = importlib.import_module("accuracy")
    made, values = [], {"tutorial": 0.5, "book": 0.75, "Trainer": 0.875}

    def reached(loop, train, validation, seed):
        if len(made) == stop:
            raise KeyboardInterrupt
        made.append((loop, seed))
        return values[loop] + seed / 10

    monkeypatch.setattr(accuracy, "reached", reached)
    monkeypatch.setattr(accuracy, "tokenized", lambda split: examples)
    monkeypatch.setattr(accuracy, "load_reviews", lambda task: {"train": [], "validation": []})
    record, stop = tmp_path / "accuracy.json", 3
    with pytest.raises(KeyboardInterrupt):
        accuracy.main(3, 2, record)
    stop = 99
    accuracy.main(3, 2, record)
    twice = [(loop, seed) for loop in values for seed in (0, 1)]
    assert sorted(made) == sorted([*twice, ("tutorial", 2), ("book", 2)])
    said = capsys.readouterr().out
    assert said.count("loses less than 0.01 is shown") == 1
    assert said.count("loses less than 0.01 is not shown") == 1
    found = json.loads(record.read_text())["differences"]
    assert found["tutorial"]["value"] == pytest.approx(0.25)
    assert found["Trainer"]["value"] == pytest.approx(-0.125)
    assert (found["tutorial"]["seeds"], found["Trainer"]["seeds"]) == (3, 2)
    changed = dataclasses.replace(accuracy.WAYS["book"], learning_rate=1.0)
    monkeypatch.setitem(accuracy.WAYS, "book", changed)
    accuracy.main(3, 2, record)
    assert len(made) == 16  # other settings: from the beginning


def test_each_loop_of_the_comparison_is_the_one_it_names(examples, monkeypatch):
    accuracy, called = importlib.import_module("accuracy"), []
    monkeypatch.setattr(accuracy, "train", lambda way, *rest: called.append(way))
    monkeypatch.setattr(accuracy, "trainer", lambda *rest: called.append("Trainer"))
    monkeypatch.setattr(accuracy.pretrained, "classifier", lambda **options: (None, tiny()))
    for loop in ("book", "Trainer", "tutorial"):
        accuracy.reached(loop, examples, examples, seed=0)
    assert called == [accuracy.WAYS["book"], "Trainer", accuracy.WAYS["tutorial"]]


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
    assert len(stored) > 1


def test_the_heads_stand_on_the_same_encoder_and_differ_in_the_pooler():
    search = importlib.import_module("sweep_finetune_sentiment")
    models = {head: search.built(head, 0).eval() for head in search.HEADS}
    encoders = [model.encoder for model in models.values()]
    for encoder in encoders[1:]:
        for name, parameter in encoders[0].named_parameters():
            assert torch.equal(encoder.get_parameter(name), parameter)
    shipped, fresh = (encoder.pooler.dense for encoder in encoders[1:])
    assert encoders[0].pooler is None
    assert not torch.equal(shipped.weight, fresh.weight)
    assert fresh.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert not fresh.bias.any()
    ids = torch.tensor([[101, 7, 102, 0], [101, 9, 9, 102]])
    for model in models.values():  # padding does not matter to any
        alone = model(ids[:1, :3], torch.ones(1, 3))
        beside = model(ids, (ids != 0).float())
        torch.testing.assert_close(beside[:1], alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("length", [0.01, 0.3])
def test_the_adversarial_loss_has_the_slopes_of_two_separate_passes(length):
    moved = importlib.import_module("sweep_robustness").moved
    model = SentenceClassifier(tiny().bert, num_outputs=2).eval()
    words = model.encoder.embeddings.word_embeddings.requires_grad_(False)
    rows, targets = [[3, 9, 4], [7, 5]], torch.tensor([1, 0])
    ids, mask = torch.tensor([rows[0], [*rows[1], 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]])
    weights = {n: p for n, p in model.named_parameters() if p.requires_grad and "pooler" not in n}
    losses = []
    for row, target in zip(rows, targets, strict=True):  # one text at a time, without padding

        def alone(vectors, target=target):
            hidden = model.encoder(inputs_embeds=vectors).last_hidden_state
            return F.cross_entropy(model.head(hidden.mean(dim=1)), target[None])

        e = words(torch.tensor([row])).requires_grad_()
        (g,) = torch.autograd.grad(alone(e), e)
        step = length * e.norm() * g / g.norm()
        losses += [alone(e.detach()), alone((e + step).detach())]
    expected = sum(losses) / len(losses)
    assert losses[1] > losses[0]
    model.encoder.pooler = None
    found = moved(model, ids, mask, targets, length)
    torch.testing.assert_close(found, expected)
    ours = torch.autograd.grad(found, [*weights.values()])
    theirs = torch.autograd.grad(expected, [*weights.values()])
    for name, a, b in zip(weights, ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4, msg=name)
    assert any(a.abs().max() > 1e-3 for a in ours)


def test_the_ways_train_what_they_say_and_four_of_them_equally_much():
    ways = importlib.import_module("sweep_parameter_efficient")
    models = {way: ways.built(way, 0) for way in ways.RATES}
    whole = sum(p.numel() for p in models["full"].parameters())
    added = {way: models[way].added for way in ways.RATES if way != "full"}
    spent = [added["adapters"], added["prefix"], added["LoRA"], models["AdaLoRA"].used]
    assert max(spent) < 1.05 * min(spent)
    assert max(*spent, added["AdaLoRA"]) <= 0.01 * whole
    layer = models["full"].encoder.encoder.layer[-1]
    assert added["top layer"] == sum(p.numel() for p in layer.parameters())
    assert added["head"] == 0


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    module = importlib.import_module("sweep")
    monkeypatch.setattr(module, "SWEEPS", tmp_path)
    return module


def test_a_sweep_goes_on_from_its_own_record_alone(sweep, tmp_path, monkeypatch):
    made, trials = [], [{"rate": rate, "seed": seed} for seed in (4, 5) for rate in (1, 2)]

    def measure(run, trial):
        if len(made) == stop:
            raise KeyboardInterrupt
        assert run.seed == trial["seed"]
        made.append((trial["rate"], trial["seed"]))
        return {"accuracy": trial["rate"] / 10}

    stop = 3
    with pytest.raises(KeyboardInterrupt):
        sweep.run("part/toy", "python toy.py", trials, measure, sentences=7)
    stop = 99
    runs = sweep.run("part/toy", "python toy.py", trials, measure, sentences=7)
    assert made == [(1, 4), (2, 4), (1, 5), (2, 5)]
    assert runs == [trial | {"accuracy": trial["rate"] / 10} for trial in trials]
    record = json.loads((tmp_path / "cpu/part/toy.json").read_text())
    assert record["runs"] == runs
    assert (record["chapter"], record["sentences"]) == ("part/toy", 7)
    sweep.run("part/toy", "python toy.py", trials[:1], measure, sentences=8)
    sweep.run("part/toy", "python toy.py --seeds 9", trials[:1], measure, sentences=8)
    assert len(made) == 6  # other circumstances: from the beginning, each time
    sweep.run("part/toy", "python toy.py", trials[:1], measure, precision="by run")
    assert json.loads((tmp_path / "cpu/part/toy.json").read_text())["precision"] == "by run"
    monkeypatch.setenv("LMCOURSE_DEVICE", "cpu")
    sweep.run("part/toy", "python toy.py", trials[:1], measure, "gpu", sentences=8)
    assert (tmp_path / "gpu/part/toy.json").is_file()  # beside the other, from its beginning
    assert len(made) == 8


def test_a_sweep_has_what_the_chapter_defines_before_a_line(tmp_path):
    defined_before = importlib.import_module("sweep_beyond_two_classes").defined_before
    chapter = tmp_path / "toy.py"
    chapter.write_text(
        '# %% tags=["install"]\nraise SystemExit\n\n# %% [markdown]\n# found = 0\n\n'
        "# %%\nhalf = 4\n\n# %%\ndouble = 2 * half\n\n# %%\nfound = read()\n"
    )
    found = defined_before("read()", chapter)
    assert (found["half"], found["double"], "found" in found) == (4, 8, False)
    chapter.write_text("# %%\nhalf = 4\n")
    with pytest.raises(ValueError, match=r"toy\.py has no cell with 'write\(\)'"):
        defined_before("write()", chapter)


def test_every_sweep_on_record_names_its_script():
    for file in (Path(__file__).parents[2] / "results" / "sweeps").rglob("*.json"):
        command = json.loads(file.read_text())["command"]
        script = "imdb" if file.parts[-3] == "gpu" else f"sweep_{file.stem}"
        assert command.startswith(f"python benchmarks/{script}.py")


def test_both_ways_to_a_first_token_find_the_same(tmp_path):
    benchmark = importlib.import_module("real_weights")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=20_000,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        hidden_size=8,
        intermediate_size=8,
        tie_word_embeddings=True,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path)
    ours, theirs = (benchmark.first_token(way, tmp_path) for way in benchmark.WAYS)
    assert ours["token"] == theirs["token"]
    assert ours["logit"] == pytest.approx(theirs["logit"], abs=1e-4)
    assert 0 < ours["loading"] < ours["process"]


def test_both_tokenizers_are_asked_for_the_same():
    benchmark = importlib.import_module("tokenization")
    texts = ["low lower lowest", "new newer newest, isn't it?", "更多 more"] * 3
    found = {way: benchmark.measured(way, texts, 20) for way in benchmark.WAYS}
    assert len({one["ids"] for one in found.values()}) == 1
    assert found["ours"]["ids"] != benchmark.measured("ours", texts, 19)["ids"]
    assert all(one[span] > 0 for one in found.values() for span in benchmark.SPANS)


def test_the_ways_to_score_n_grams_say_the_same(tmp_path):
    ngrams = importlib.import_module("ngrams")
    rows = [[0, 1, 2, 1, 0], [0, 2, 1, 1, 2, 0], [0, 1, 2, 2, 0], [0, 2, 2, 1, 2, 1, 0]]
    ours = NGram(3, 4, "kneser_ney", discount=0.5).fit(rows)
    theirs = ngrams.in_kenlm(ours, tmp_path, "\nab ")
    sentences = ngrams.as_text(rows, "\nab ")
    assert sentences[0] == "a b a"
    scores = [theirs.score(sentence) for sentence in sentences]
    assert scores == pytest.approx(-ours.nll(rows) / math.log(10), abs=1e-4)
    slow = ngrams.in_nltk(rows, 3, discount=0.5)
    assert slow.counts[["1"]]["2"] == 4
    found = ngrams.scored_by_nltk(slow, rows[3])
    assert len(found) == len(rows[3]) - 1
    assert all(-20 < log2_p <= 0 for log2_p in found)


def test_both_ways_to_word_vectors_read_the_same_words():
    benchmark = importlib.import_module("embeddings")
    texts = [["film", "good", "movie", "a"], ["a", "movie", "film"]] * 20
    vocabulary = benchmark.Vocabulary(texts)
    rows = vocabulary.encode(texts)
    for way in ("ours", "gensim"):
        vectors, seconds = benchmark.trained(way, vocabulary, rows, 1, 0, 2)
        assert vectors.shape == (len(vocabulary), benchmark.DIM)
        assert min(seconds.values()) > 0
        assert 1 <= benchmark.mean_rank(vocabulary, vectors) <= len(vocabulary) - 1


def test_the_work_of_a_keystroke_is_that_of_its_thread_up_to_the_next():
    live_gpt = importlib.import_module("live_gpt")

    def event(name, ts, dur=0, tid=1, kind="keydown"):
        data = {"data": {"type": kind}}
        return {"name": name, "ts": ts, "dur": dur, "tdur": dur / 2, "pid": 7, "tid": tid} | {
            "args": data
        }

    events = [
        event("RunTask", 0, 900),  # before the first key
        event("RunTask", 1000, 500),  # with it
        event("EventDispatch", 1100),
        event("EventDispatch", 1200, kind="keyup"),
        event("RunTask", 2000, 250),
        event("RunTask", 2100, 9000, tid=2),  # of another thread
        event("EventDispatch", 3000),
        event("RunTask", 3100, 4000),
        event("Paint", 3200, 100),
    ]
    spent = live_gpt.keystrokes(events)
    assert spent == [{"clock": 0.75, "processor": 0.375}, {"clock": 4.0, "processor": 2.0}]
