"""Llamas of seven sizes on five shares of the reviews, and the counts beside them.

    python benchmarks/sweep_scaling.py [--device cuda --jobs 8 --minutes 6]

For `transformer/scaling`. A run is named by its size, the share of the training sentences (drawn
anew with each seed, the smaller shares part of the larger ones), dropout, rate and seed. All train
by one recipe, whose length depends on the share alone, and look at the validation sentences
`LOOKS` times; the weights of the best look are scored on the test sentences. `HELD_OUT` was
written here before any run was made: the chapter fits its laws without them. Every size is run
with several dropouts, of which the chapter takes the best on validation, and with one of them at
half and double the rates, as a control. Counts are the n-grams of modified Kneser–Ney.

A job is all runs of one size on one share, computed side by side; `--jobs` of them are done at
once, the essential ones first, and the record is written after each. On two CPU cores this takes
days; `--tiny` tries it out in a minute. A machine without the package index is given the sentences
with `--texts FILE`, which the same option writes where they can be had.
"""

import json
import math
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
import side_by_side  # noqa: E402
from side_by_side import Size  # noqa: E402

from lmcourse.files import replace_text  # noqa: E402
from lmcourse.models.ngram import NGram  # noqa: E402
from lmcourse.text.characters import CharTokenizer  # noqa: E402

RECORD = ROOT / "results" / "sweeps" / "gpu" / "transformer" / "scaling.json"
SIZES = {  # layers, width, heads, hidden width
    "25k": Size(2, 32, 2, 88),
    "80k": Size(3, 48, 3, 128),
    "200k": Size(4, 64, 4, 176),
    "550k": Size(5, 96, 3, 256),
    "1.2M": Size(6, 128, 4, 344),
    "3M": Size(7, 192, 6, 512),
    "8M": Size(8, 288, 9, 768),
}
STEPS = {1: 3200, 1 / 2: 2400, 1 / 4: 1700, 1 / 8: 1200, 1 / 16: 900}  # of each share
HELD_OUT = {
    "sizes": [{"size": "8M", "share": 1}],  # the law over sizes is fitted to the smaller ones
    "shares": [{"size": "3M", "share": 1}],  # the law over data, to the smaller shares of this size
}
SEEDS = dict.fromkeys(SIZES, 3) | {"8M": 2, "counts": 3}
DROPOUTS = {  # by size; (share 1/2 and more, smaller shares)
    "25k": ((0.0, 0.1, 0.2),) * 2,
    "80k": ((0.0, 0.1, 0.2),) * 2,
    "200k": ((0.0, 0.1, 0.2), (0.0, 0.1, 0.2, 0.3)),
    "550k": ((0.1, 0.2, 0.3),) * 2,
    "1.2M": ((0.1, 0.2, 0.3), (0.2, 0.35)),
    "3M": ((0.1, 0.2, 0.3), (0.2, 0.3, 0.45)),
    "8M": ((0.2, 0.3),) * 2,
}
BATCH, LOOKS = 32, 12
MATRIX_RATE, RATE = 0.02, 3e-3
ORDERS = (5, 6, 7, 8)
TINY = ({"size": "counts"}, {"size": "25k", "share": 1 / 16})
SAID_SO = "python benchmarks/sweep_scaling.py"
Trial = dict[str, Any]
Texts = dict[str, list[str]]


def jobs() -> Iterator[Trial]:
    """Every size on every share that is wanted, the essential first and long before short."""
    yield {"size": "counts"}
    for size in reversed(SIZES):
        yield {"size": size, "share": 1}
    yield {"size": "25k", "share": 1 / 16}  # the chapter makes one of these again
    for size in ("3M", "200k", "1.2M"):
        for share in list(STEPS)[1:]:
            yield {"size": size, "share": share}


def trials(job: Trial) -> list[Trial]:
    """The runs of a job."""
    if job["size"] == "counts":
        return [
            {"size": "counts", "order": order, "share": share, "seed": seed}
            for order in ORDERS
            for share in STEPS
            for seed in range(SEEDS["counts"])
        ]
    dropouts = DROPOUTS[job["size"]][job["share"] < 1 / 2]
    settings = [(dropout, 1.0, seed) for dropout in dropouts for seed in range(SEEDS[job["size"]])]
    if job["share"] == 1:  # a control
        settings += [(dropouts[1], factor, 0) for factor in (0.5, 2.0)]
    return [
        {**job, "dropout": dropout, "rate": factor, "seed": seed}
        for dropout, factor, seed in settings
    ]


def drawn(n: int, share: float, seed: int) -> list[int]:
    """The numbers of the sentences in a share of n: the first of an order that the seed draws."""
    return np.random.default_rng([seed, 1]).permutation(n)[: round(share * n)].tolist()


def plan(lengths: list[np.ndarray], seeds: list[int], steps: int) -> np.ndarray:
    """Which sentences each run reads in each step: [steps, K, BATCH].

    The sentences of a run, sorted by length, are cut into groups of about four batches. In every
    step all runs draw a batch from the group at the same place between short and long.
    """
    places = np.random.default_rng(0).random(steps)
    found = np.empty((steps, len(lengths), BATCH), dtype=np.int64)
    for run, (own, seed) in enumerate(zip(lengths, seeds, strict=True)):
        rng = np.random.default_rng([seed, 2])
        groups = np.array_split(np.argsort(own, kind="stable"), max(len(own) // (4 * BATCH), 1))
        for step, place in enumerate(places):
            group = groups[int(place * len(groups))]
            found[step, run] = rng.choice(group, BATCH, replace=len(group) < BATCH)
    return found


def table(rows: list[list[int]], device: torch.device) -> torch.Tensor:
    """Rows as one tensor [N, W] that ends in -100 behind each."""
    filled = torch.full((len(rows), max(map(len, rows))), -100)
    for i, row in enumerate(rows):
        filled[i, : len(row)] = torch.tensor(row)
    return filled.to(device)


class Judge:
    """Bits per character of K models on some sentences."""

    def __init__(self, rows: list[list[int]], size: Size, device: torch.device) -> None:
        self.rows = sorted(rows, key=len)
        self.lengths, self.size = [len(row) for row in self.rows], size
        self.table = table(self.rows, device)

    def __call__(self, weights: side_by_side.Weights) -> torch.Tensor:
        """[K], in float64."""
        nats = side_by_side.nats(weights, self.size, self.table, self.lengths).sum(1)
        return nats / (sum(self.lengths) - len(self.lengths)) / math.log(2)


def train(job: Trial, rows: dict[str, list[list[int]]], device: torch.device, until: float) -> Any:
    """All runs of a job with what was measured, or None when time was up."""
    runs, size, steps = trials(job), SIZES[job["size"]], job["steps"]
    V, seeds = CharTokenizer().vocab_size, [run["seed"] for run in runs]
    n = len(rows["train"])
    chosen = [np.array(drawn(n, run["share"], run["seed"])) for run in runs]
    lengths = np.array([len(row) for row in rows["train"]])
    order = plan([lengths[mine] for mine in chosen], seeds, steps)  # [steps, K, B]
    order = np.stack([mine[order[:, k]] for k, mine in enumerate(chosen)], axis=1)
    longest = lengths[order].max(axis=(1, 2)) - 1  # [steps]
    train_table, numbers = table(rows["train"], device), torch.tensor(order, device=device)
    torch.manual_seed(0)  # of dropout, which all runs draw from one stream
    training = side_by_side.Training(
        size,
        side_by_side.fresh(size, V, seeds),
        steps=steps,
        dropouts=[run["dropout"] for run in runs],
        matrix_rates=[MATRIX_RATE * run["rate"] for run in runs],
        learning_rates=[RATE * run["rate"] for run in runs],
        device=device,
    )
    look = Judge(rows["validation"], size, device)
    at = {steps * (number + 1) // LOOKS for number in range(LOOKS)}
    best = torch.full((len(runs),), math.inf, dtype=torch.float64, device=device)
    best_step = torch.zeros(len(runs), dtype=torch.long, device=device)
    kept = {name: weight.clone() for name, weight in training.weights.items()}
    name, begun = f"{job['size']} on {job['share']:g}", time.monotonic()
    for step in range(steps):
        T = -(-int(longest[step]) // 16) * 16
        batch = train_table[numbers[step], : T + 1]  # [K, B, T + 1]
        if (missing := T + 1 - batch.shape[2]) > 0:
            batch = torch.nn.functional.pad(batch, (0, missing), value=-100)
        losses = training.step(batch[:, :, :-1].clamp(min=0), batch[:, :, 1:].contiguous())
        if step + 1 not in at:
            continue
        bits = look(training.weights)
        better = bits < best
        best, best_step = torch.where(better, bits, best), best_step.masked_fill(better, step + 1)
        for key, weight in training.weights.items():
            shape = [1] * weight.dim()
            shape[side_by_side.run_dimension(key)] = -1
            kept[key].copy_(torch.where(better.view(shape), weight, kept[key]))
        said = f"{name}: {step + 1} of {steps}, {time.monotonic() - begun:.0f} s"
        spread = f"{bits.min().item():.3f} to {bits.max().item():.3f}"
        loss = losses.mean().item() / math.log(2)
        print(f"{said}, training {loss:.3f}, validation {spread}", file=sys.stderr, flush=True)
        if time.monotonic() > until:
            print(f"{name}: no time left", file=sys.stderr, flush=True)
            return None
    judged = {
        "validation": best,
        "last": bits,
        "train": Judge(rows["train"][:1000], size, device)(kept),
        "test": Judge(rows["test"], size, device)(kept),
    }
    measured = {key: values.cpu().tolist() for key, values in judged.items()}
    chars = [int((lengths[mine] - 1).sum()) for mine in chosen]
    return [
        run
        | {"parameters": size.parameters, "chars": chars[k], "steps": steps}
        | {"best_step": int(best_step[k])}
        | {key: round(values[k], 5) for key, values in measured.items()}
        for k, run in enumerate(runs)
    ]


def count(run: Trial, rows: dict[str, list[list[int]]]) -> Trial:
    """One n-gram."""
    mine = [rows["train"][i] for i in drawn(len(rows["train"]), run["share"], run["seed"])]
    model = NGram(run["order"], CharTokenizer().vocab_size, "kneser_ney").fit(mine)
    found = {"parameters": model.parameters, "chars": sum(len(row) - 1 for row in mine)}
    for split in ("validation", "test"):
        chars = sum(len(row) - 1 for row in rows[split])
        bits = model.nll(rows[split]).sum() / chars / math.log(2)
        found[split] = round(float(bits), 5)
    return run | found


def work(job: Trial, texts: Texts, device: str, until: float) -> list[Trial]:
    """One job, in a process of its own."""
    torch.set_num_threads(1)
    if time.monotonic() > until:
        return []
    tokenizer = CharTokenizer()
    rows = {split: [tokenizer.encode(text) for text in some] for split, some in texts.items()}
    if job["size"] == "counts":
        return [count(run, rows) for run in trials(job)]
    torch.backends.cuda.enable_cudnn_sdp(False)  # of the others, which take any strides
    found = train(job, rows, torch.device(device), until) or []
    if device == "cuda":
        torch.cuda.empty_cache()  # for the other processes
    return found


def sentences(file: Path | None) -> Texts:
    """The three splits: from `file`, or from the package index, and then `file` is written."""
    if file is not None and file.is_file():
        return json.loads(file.read_text(encoding="utf8"))
    from lmcourse.data.reviews import load_reviews

    texts = {split: list(some["text"]) for split, some in load_reviews("text").items()}
    if file is not None:
        replace_text(file, json.dumps(texts))
    return texts


def machine(device: str) -> str:
    """Name of what computes."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    names = [line.partition(":")[2] for line in cpu.splitlines() if line.startswith("model name")]
    return names[0].strip() if names else platform.processor() or platform.machine()


def main(
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    jobs_at_once: Annotated[int, typer.Option("--jobs", min=1)] = 1,
    minutes: Annotated[float, typer.Option(help="no job is begun or goes on after them")] = 1e6,
    texts: Annotated[Path | None, typer.Option(help="JSON file of the sentences")] = None,
    record: Annotated[Path, typer.Option(help="the file that is written")] = RECORD,
    tiny: Annotated[bool, typer.Option(help="two jobs, a few steps")] = False,
) -> None:
    """Trains and measures what the record lacks."""
    until, found = time.monotonic() + 60 * minutes, sentences(texts)
    if tiny:
        found = {split: some[: 800 if split == "train" else 50] for split, some in found.items()}
    settings = {"batch": BATCH, "looks": LOOKS, "matrix_rate": MATRIX_RATE, "rate": RATE}
    head = {
        "command": SAID_SO + (" --tiny" if tiny else ""),
        "chapter": "transformer/scaling",
        "date": date.today().isoformat(),
        "device": machine(device),
        "threads": 1,
        "precision": "bf16, fp32 weights",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "held_out": HELD_OUT,
        **settings,
    }
    runs: list[Trial] = []
    if record.is_file():
        old = json.loads(record.read_text(encoding="utf8"))
        runs = old["runs"] if old["command"] == head["command"] else []
    wanted = []
    for job in jobs():
        if tiny and job not in TINY:
            continue
        if job["size"] != "counts":
            job["steps"] = LOOKS if tiny else STEPS[job["share"]]
        if not all(any(t.items() <= r.items() for r in runs) for t in trials(job)):
            wanted.append(job)
    begun, methods = time.monotonic(), multiprocessing.get_context("spawn")
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(jobs_at_once, mp_context=methods) as pool:
        going = {pool.submit(work, job, found, device, until): job for job in wanted}
        for done in as_completed(going):
            if error := done.exception():
                print(f"{going[done]}: {error!r}", file=sys.stderr, flush=True)
                continue
            runs += done.result()
            text = json.dumps(head | {"runs": runs}, indent=1, sort_keys=True, ensure_ascii=False)
            replace_text(record, text + "\n")
            took = time.monotonic() - begun
            print(f"{going[done]} done after {took:.0f} s", file=sys.stderr, flush=True)
    best: dict[tuple[Any, Any], Trial] = {}
    for run in runs:
        key = run["size"], run["share"]
        if key not in best or run["validation"] < best[key]["validation"]:
            best[key] = run
    for (size, share), run in best.items():
        print(f"{size:<7}{share:<8g}validation {run['validation']:.4f} test {run['test']:.4f}")


if __name__ == "__main__":
    typer.run(main)
