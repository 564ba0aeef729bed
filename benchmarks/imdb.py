"""The last rung of the second ladder: whole reviews, read by counting and by the encoder.

    python benchmarks/imdb.py --profile gpu [--limit N] [--seeds S]

On `load_labelled_imdb`, in this order:

- the learning rate of the encoder: one pass over the training reviews for each of `RATES`, with
  their first 256 tokens, judged on validation;
- the encoder of `pretrained` (MiniLM; with LMCOURSE_SOURCE=hub bert-base) under a fresh head,
  fine-tuned as in `bert/finetune_sentiment` with two passes over the first 512 and the first 256
  tokens, with each seed. Attention is torch's own, as these texts are long;
- TF-IDF with logistic regression, of words and of words and pieces, each in a process of its own
  that has begun with the first run of the encoder; how strongly its weights are held is chosen on
  validation among `HELD`.

The record, results/sweeps/gpu/bert/choosing_a_model.json, holds of every final run what that of
benchmarks/sweep_choosing_a_model.py holds of its own; `lost`: shares of the test reviews that lose
their end and of their tokens that are lost; and `weights`, which encoder it was. Learning is in
seconds of the clock, memory is what torch took of the GPU or the peak of the process, in MB, and
`on` is what computed. Accuracy is on validation.
`--limit` is for trying things out: so many training reviews, a quarter of it to judge by.
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sweep
import torch
import typer
from counting import vectorizers
from safetensors import safe_open
from sklearn.linear_model import LogisticRegression
from system_process import ASKED, BATCH, WARM, peak, quantiles
from transformers import AutoTokenizer

from lmcourse import session
from lmcourse.data import download
from lmcourse.data.catalogue import ENCODER
from lmcourse.data.imdb import load_labelled_imdb
from lmcourse.models import classifier, pretrained
from lmcourse.runner.machine import device
from lmcourse.session import Session
from lmcourse.text.batches import Rows
from lmcourse.training.classification import fine_tune, scores

CHAPTER = "bert/choosing_a_model"
FEATURES = ("words", "words and pieces")
HELD = (1, 3, 10, 30)  # C of the logistic regression: the higher, the freer its weights
RATES = (5e-5, 1e-4, 2e-4, 4e-4)
LONGEST, SHORT = 512, 256  # tokens of a review that are read, [CLS] and [SEP] among them
EPOCHS, AT_ONCE = 2, 64
BATCHES = 50  # timed

Data = dict[str, tuple[list[str], np.ndarray]]  # texts and labels of each split
Answers = Callable[[list[str]], np.ndarray]


def load(limit: int = 0) -> Data:
    """The splits, or the first `limit` reviews for training and a quarter of it of the others.

    ValueError for a limit so small that a split has one label only.
    """
    data = {}
    for name, rows in load_labelled_imdb().items():
        n = (limit if name == "train" else limit // 4) if limit else len(rows)
        data[name] = list(rows["text"][:n]), np.array(rows["label"][:n])
        if len({*data[name][1]}) < 2:
            raise ValueError(f"with limit {limit}, {name!r} does not hold both labels")
    return data


def bits(values: np.ndarray) -> str:
    """One bit each, in hexadecimal digits."""
    return np.packbits(values).tobytes().hex()


def judged(said: dict[str, np.ndarray], answers: Answers, data: Data) -> dict[str, Any]:
    """What was `said` of validation and test, where right, and how fast texts get `answers`."""
    texts = data["test"][0]
    some = np.random.default_rng(0).permutation(len(texts))
    alone = [timed(answers, [texts[i]]) for i in some[: WARM + ASKED]]
    alone = alone[min(WARM, len(alone) // 2) :]
    batches = np.resize(some, (min(BATCHES, len(some) // BATCH + 1), BATCH))
    rates = [BATCH / timed(answers, [texts[i] for i in batch]) for batch in batches]
    right = {name: said[name] == data[name][1] for name in ("test", "validation")}
    return {
        "right": {name: bits(values) for name, values in right.items()},
        "accuracy": float(right["validation"].mean()),
        "one": quantiles(1000 * np.array(alone), 0.5, 0.95),
        "batch": quantiles(np.array(rates), 0.5, 0.05),
    }


def timed(answers: Answers, texts: list[str]) -> float:
    """Seconds of the clock to answer."""
    began = time.perf_counter()
    answers(texts)
    return time.perf_counter() - began


def count(features: str, data: Data) -> dict[str, Any]:
    """TF-IDF with logistic regression, held as validation wants it."""
    import joblib

    vectorizer = vectorizers()[features]
    labels = data["train"][1]
    began = time.perf_counter()
    train = vectorizer.fit_transform(data["train"][0])
    reading = time.perf_counter() - began
    asked = {name: vectorizer.transform(data[name][0]) for name in ("test", "validation")}
    tried = {}
    for held in HELD:
        began = time.perf_counter()
        model = LogisticRegression(C=held, max_iter=2000).fit(train, labels)
        seconds = reading + time.perf_counter() - began
        tried[held] = float(model.score(asked["validation"], data["validation"][1])), seconds, model
    best = max(HELD, key=lambda held: tried[held][0])
    _, seconds, model = tried[best]
    said = {name: model.predict(rows) for name, rows in asked.items()}
    with tempfile.TemporaryDirectory() as place:
        joblib.dump((vectorizer, model), Path(place, "pipeline.joblib"))
        stored = Path(place, "pipeline.joblib").stat().st_size
    return {
        "tried": {str(held): found[0] for held, found in tried.items()},
        "trained": int(model.coef_.size + 1),
        "learning": {"seconds": round(seconds, 1), "MB": peak()},
        "stored": stored,
        **judged(said, lambda texts: model.predict(vectorizer.transform(texts)), data),
        "memory": peak(),
    }


class Encoder:
    """The pretrained encoder under a fresh head, which reads the first `longest` tokens."""

    def __init__(self, run: Session, longest: int) -> None:
        self.run, self.longest = run, longest
        self.tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
        self.model = classifier.fresh(2, run.seed)
        self.model.encoder.set_attn_implementation("sdpa")  # type: ignore

    def read(self, whole: Rows) -> np.ndarray:
        """Answers to texts of which all ids are known."""
        return scores(self.model, cut(whole, self.longest), self.run).argmax(dim=-1).numpy()

    def answers(self, texts: list[str]) -> np.ndarray:
        """From the words on."""
        return self.read(self.tokenizer(texts, verbose=False)["input_ids"])

    def stored(self) -> int:
        """Bytes of the folder that `classifier.save` writes."""
        with tempfile.TemporaryDirectory() as place:
            classifier.save(self.model, self.tokenizer, place)
            return sum(file.stat().st_size for file in Path(place).rglob("*") if file.is_file())


def tokens(data: Data) -> dict[str, Any]:
    """All ids of each text by split, and the seconds that those of training took."""
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    began = time.perf_counter()
    rows = {"train": tokenizer(data["train"][0], verbose=False)["input_ids"]}
    seconds = time.perf_counter() - began
    for name in ("validation", "test"):
        rows[name] = tokenizer(data[name][0], verbose=False)["input_ids"]
    return rows | {"seconds": seconds}


def cut(whole: Rows, longest: int) -> Rows:
    """The first tokens of each row and, in any case, its last, [SEP]."""
    return [row if len(row) <= longest else [*row[: longest - 1], row[-1]] for row in whole]


def lost(whole: Rows, longest: int) -> list[float]:
    """Shares of texts that lose their end, and of tokens that are lost."""
    lengths = np.array([len(row) for row in whole])
    gone = (lengths - longest).clip(min=0)
    return [round(float(share), 4) for share in ((gone > 0).mean(), gone.sum() / lengths.sum())]


def which() -> dict[str, Any]:
    """Which encoder it is that `pretrained` brings, and in what numbers its file holds it."""
    folder = pretrained.encoder_folder()
    packaged = download.cache_folder() in folder.parents
    config = json.loads((folder / "config.json").read_text(encoding="utf8"))
    with safe_open(folder / "model.safetensors", "pt") as file:
        numbers = file.get_slice(next(iter(file.keys()))).get_dtype()
    return {
        "name": ENCODER.requirement if packaged or not ENCODER.hub else ENCODER.hub.repository,
        "layers": config["num_hidden_layers"],
        "width": config["hidden_size"],
        "numbers": numbers,
    }


def fine_tuned(run: Session, trial: sweep.Trial, data: Data, rows: dict[str, Any]) -> sweep.Trial:
    """One run of the encoder: its accuracy on validation, and of a final run all there is."""
    gpu = run.device.type == "cuda"
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    encoder = Encoder(run, trial["longest"])
    history = fine_tune(
        encoder.model,
        cut(rows["train"], trial["longest"]),
        data["train"][1],
        session=run,
        learning_rate=trial["rate"],
        batch_size=AT_ONCE,
        epochs=trial["epochs"],
    )
    if trial["stage"] == "choice":
        right = encoder.read(rows["validation"]) == data["validation"][1]
        return {"accuracy": float(right.mean()), "weights": which()}
    learning = {"seconds": round(rows["seconds"] + history.seconds, 1), "MB": taken(gpu)}
    for parameter in encoder.model.parameters():
        parameter.grad = None
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    said = {name: encoder.read(rows[name]) for name in ("test", "validation")}
    return {
        "weights": which(),
        "trained": sum(p.numel() for p in encoder.model.parameters() if p.requires_grad),
        "learning": learning,
        "stored": encoder.stored(),
        "lost": lost(rows["test"], trial["longest"]),
        **judged(said, encoder.answers, data),
        "memory": taken(gpu),
    }


def taken(gpu: bool) -> int:
    """The most memory in MB that torch has taken of the GPU, or this program of the machine."""
    return round(torch.cuda.max_memory_allocated() / 1e6) if gpu else peak()


def main(
    profile: Annotated[str, typer.Option(help="cpu or gpu")] = "gpu",
    limit: Annotated[int, typer.Option(min=0, help="training reviews; 0: all")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="runs of the encoder at each length")] = 3,
) -> None:
    """Measures what is not on record yet, and prints a line of each run."""
    session.start(profile)  # refuses a machine without a GPU before anything is read
    data = load(limit)
    command = f"python benchmarks/imdb.py --profile {profile} --seeds {seeds}"
    command += f" --limit {limit}" if limit else ""
    about: dict[str, Any] = {
        "truth": {name: bits(data[name][1]) for name in ("test", "validation")},
        "sizes": {name: len(texts) for name, (texts, _) in data.items()},
    }
    with ProcessPoolExecutor(len(FEATURES), multiprocessing.get_context("spawn")) as beside:
        counted = {features: beside.submit(count, features, data) for features in FEATURES}
        rows = tokens(data)

        def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
            if trial["system"] == "TF-IDF":
                return {"on": device("cpu"), **counted[trial["features"]].result()}
            return {"on": device(profile), **fine_tuned(run, trial, data, rows)}

        def runs(trials: list[sweep.Trial]) -> list[sweep.Trial]:
            return sweep.run(CHAPTER, command, trials, measure, profile, **about)

        choice = {"stage": "choice", "system": "encoder", "longest": SHORT, "epochs": 1, "seed": 0}
        tried = runs([choice | {"rate": rate} for rate in RATES])
        best = max((run for run in tried if run["stage"] == "choice"), key=lambda r: r["accuracy"])
        final = {"stage": "final", "system": "encoder", "epochs": EPOCHS, "rate": best["rate"]}
        trials = [
            final | {"longest": longest, "seed": seed}
            for longest in (LONGEST, SHORT)
            for seed in range(seeds)
        ]
        for features in FEATURES:
            trials.append({"stage": "final", "system": "TF-IDF", "features": features, "seed": 0})
        for run in runs(trials):
            setting = run.get("features") or f"{run['longest']} tokens, rate {run['rate']:g}"
            print(f"{run['stage']:6} {run['system']}, {setting}: {run['accuracy']:.4f}, validation")


if __name__ == "__main__":
    typer.run(main)
