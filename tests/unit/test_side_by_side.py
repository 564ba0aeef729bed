"""Many trainings as one (benchmarks/side_by_side.py) against the library's, one at a time."""

import importlib
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from lmcourse import session
from lmcourse.evaluation.scoring import nll
from lmcourse.models.llama import Llama, LlamaConfig
from lmcourse.text.batches import shifted
from lmcourse.training.bf16 import fit_bf16
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.muon import MuonAdamW
from lmcourse.weights.llama_recipe import fresh

V, SEEDS, RATES = 20, [3, 4], [(0.02, 3e-3), (0.01, 1e-3)]


@pytest.fixture
def together(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    return importlib.import_module("side_by_side")


@pytest.fixture
def sweep(together):
    return importlib.import_module("sweep_scaling")


def alone(size, weights, run):
    """The model of one run as the library's Llama."""
    sizes = size.n_layers, size.n_heads, size.n_heads, size.d_model, size.d_hidden
    model = Llama(LlamaConfig(V, 64, *sizes, rotary_base=1000.0))
    with torch.no_grad():
        model.tokens.weight.copy_(weights["tokens"][run])
        model.norm.weight.copy_(weights["norm"][run, 0])
        for layer, block in enumerate(model.blocks):
            one = {
                name: weight[layer, run]
                for name, weight in weights.items()
                if name not in ("tokens", "norm")
            }
            attention, feed = block.attention, block.feed_forward
            for i, part in enumerate((attention.query, attention.key, attention.value)):
                part.weight.copy_(one["qkv"][i])
            attention.projection.weight.copy_(one["projection"])
            for i, part in enumerate((feed.gate, feed.up)):
                part.weight.copy_(one["gate_up"][i])
            feed.down.weight.copy_(one["down"])
            block.norm_1.weight.copy_(one["norm_1"][0])
            block.norm_2.weight.copy_(one["norm_2"][0])
    return model


def some_rows(n, seed):
    rng = np.random.default_rng(seed)
    return [[0, *rng.integers(1, V, rng.integers(1, 20)).tolist(), 0] for _ in range(n)]


def test_models_side_by_side_say_what_each_says_alone(together):
    size = together.Size(2, 16, 2, 24)
    weights = together.fresh(size, V, SEEDS)
    rows = sorted(some_rows(60, 0), key=len)
    table = torch.full((60, 30), -100)
    for i, row in enumerate(rows):
        table[i, : len(row)] = torch.tensor(row)
    found = together.nats(weights, size, table, [len(row) for row in rows])  # [2, 60]
    for run in range(2):
        model = alone(size, weights, run)
        assert sum(w.numel() for w in model.blocks.parameters()) == size.parameters
        np.testing.assert_allclose(found[run], nll(model, rows), atol=1e-3)


def test_they_begin_as_the_library_begins(together):
    size = together.Size(3, 64, 2, 100)
    ours = alone(size, together.fresh(size, V, [1]), 0)
    theirs = fresh(ours.config)
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert a.std().item() == pytest.approx(b.std().item(), rel=0.1, abs=1e-9), name


def test_a_step_of_all_is_a_step_of_each(together):
    """In fp32, against the library's optimizer; each run has its rates."""
    size = together.Size(2, 16, 2, 24)
    weights = together.fresh(size, V, SEEDS)
    steps, batches = 5, [[shifted(some_rows(4, 10 * i + k)) for k in (0, 1)] for i in range(5)]
    training = together.Training(
        size,
        weights,
        steps=steps,
        dropouts=[0.0, 0.0],
        matrix_rates=[rates[0] for rates in RATES],
        learning_rates=[rates[1] for rates in RATES],
        device=torch.device("cpu"),
        dtype=torch.float32,
    )
    losses = []
    for pair in batches:
        T = max(inputs.shape[1] for inputs, _ in pair)
        both = [
            torch.nn.functional.pad(part, (0, T - part.shape[1]), value=fill)
            for inputs, targets in pair
            for part, fill in ((inputs, 0), (targets, -100))
        ]
        losses.append(training.step(torch.stack(both[::2]), torch.stack(both[1::2])))
    for run, (matrix_rate, rate) in enumerate(RATES):
        model = alone(size, weights, run)
        inside = [w for w in model.blocks.parameters() if w.dim() == 2]
        others = [w for w in model.parameters() if not any(w is other for other in inside)]
        optimizer = MuonAdamW(
            inside, others, matrix_rate=matrix_rate, learning_rate=rate, weight_decay=0.1
        )
        for step, pair in enumerate(batches):
            loss = next_symbol_loss(model, pair[run])
            assert losses[step][run].item() == pytest.approx(loss.item(), abs=2e-3)
            model.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.scale(together.schedule(step, steps, together.WARMUP))
            optimizer.step()
        moved = alone(size, training.weights, run)
        for a, b in zip(model.parameters(), moved.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=2e-3, rtol=0)


def test_in_bf16_it_learns_what_fit_bf16_learns(together):
    size, steps = together.Size(1, 16, 2, 24), 8
    weights = together.fresh(size, V, SEEDS)
    batches = [shifted(some_rows(6, i)) for i in range(steps)]
    model = alone(size, weights, 1)
    history = fit_bf16(
        model,
        next_symbol_loss,
        lambda step: batches[step],
        steps=steps,
        matrix_rate=0.02,
        learning_rate=3e-3,
        session=session.start("cpu", 0),
    )
    training = together.Training(
        size,
        weights,
        steps=steps,
        dropouts=[0.0, 0.0],
        matrix_rates=[0.02] * 2,
        learning_rates=[3e-3] * 2,
        device=torch.device("cpu"),
    )
    for (inputs, targets), theirs in zip(batches, history.losses, strict=True):
        both = (part.expand(2, -1, -1).contiguous() for part in (inputs, targets))
        assert training.step(*both)[1].item() == pytest.approx(theirs, abs=0.02)


def test_dropout_is_of_each_run(together):
    size = together.Size(1, 16, 2, 24)
    weights = together.fresh(size, V, [3, 3, 3])
    inputs, targets = (part.expand(3, -1, -1).contiguous() for part in shifted(some_rows(6, 0)))
    training = together.Training(
        size,
        weights,
        steps=2,
        dropouts=[0.0, 0.0, 0.5],
        matrix_rates=[0.02] * 3,
        learning_rates=[3e-3] * 3,
        device=torch.device("cpu"),
        dtype=torch.float32,
    )
    losses = training.step(inputs, targets)
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-6)
    assert abs(losses[0] - losses[2]).item() > 1e-3


def test_a_plan_reads_all_sentences_about_equally_often(sweep):
    lengths = [np.arange(300) % 97, np.arange(5000) % 211]
    order = sweep.plan(lengths, [0, 1], 1000)  # [steps, 2, B]
    often = np.bincount(order[:, 0].ravel(), minlength=300)
    assert often.min() > 0.6 * often.mean()
    assert often.max() < 1.5 * often.mean()
    for run, own in enumerate(lengths):
        assert order[:, run].max() < len(own)
    spans = [np.ptp(lengths[1][order[step, 1]]) for step in range(100)]
    assert np.mean(spans) < 25


def test_the_shares_of_a_seed_lie_in_each_other(sweep):
    parts = [set(sweep.drawn(800, share, 5)) for share in sorted(sweep.STEPS)]
    assert [len(part) for part in parts] == [50, 100, 200, 400, 800]
    assert all(small < large for small, large in itertools.pairwise(parts))


def test_what_is_held_out_is_run(sweep):
    wanted = [trial for job in sweep.jobs() for trial in sweep.trials(job)]
    for held in sweep.HELD_OUT.values():
        for some in held:
            assert sum(some.items() <= trial.items() for trial in wanted) > 1
    assert len({tuple(sorted(trial.items())) for trial in wanted}) == len(wanted)
