"""Modified Kneser–Ney: scoring against KenLM and nltk.lm, and what fitting takes.

    python benchmarks/ngrams.py [--repeats R] [--symbols N] [--json FILE]

Scoring: a model of order 5 of all training reviews gives each test sentence its log-probability.

- ours: `NGram.nll` of all sentences at once, ids given;
- kenlm: `kenlm.Model.score`, sentence by sentence, tokens given as text; the model is our own
  model, read from the ARPA file that we write, so that both must say the same;
- nltk: `KneserNeyInterpolated.logscore` of the first N symbols, with the one discount that it has.

All are single-threaded, and all times are of the processor, so that others on the machine matter
less. Ours and KenLM take turns; a ratio is the median of the ratios within the turns.
The first scoring after a fit makes our tables: `tables`, apart. Fitting: order 8 on all training
reviews, in fresh processes; `peak_mb` is that of the whole process, libraries and data included,
and `before_mb` what it had before. The last record is benchmarks/ngrams.json.
"""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import kenlm
import numpy as np
import storing
import typer
from nltk.lm import KneserNeyInterpolated
from nltk.lm.preprocessing import padded_everygram_pipeline
from rich.console import Console
from rich.table import Table

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.scoring import n_predicted
from lmcourse.models.arpa import tokens, write_arpa
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import CharTokenizer

ORDER, FITTED = 5, 8
FITTING = """
import json, resource, sys, time
from lmcourse.data.reviews import load_reviews
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import CharTokenizer
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB on Linux
tokenizer = CharTokenizer()
rows = [tokenizer.encode(text) for text in load_reviews("text")["train"]["text"]]
before, start = peak(), time.process_time()
model = NGram(int(sys.argv[1]), tokenizer.vocab_size, "kneser_ney").fit(rows)
seconds = time.process_time() - start
print(json.dumps({"seconds": seconds, "before_mb": before, "peak_mb": peak(),
                  "n_grams": model.parameters}))
"""


def in_kenlm(model: NGram, folder: Path, alphabet: Sequence[str]) -> kenlm.Model:
    """KenLM with what our model says, through an ARPA file."""
    path = folder / "model.arpa"
    with path.open("w", encoding="utf8") as file:
        write_arpa(model, file, alphabet)
    return kenlm.Model(str(path))


def as_text(rows: Sequence[Sequence[int]], alphabet: Sequence[str]) -> list[str]:
    """Each row as KenLM reads it: visible tokens with blanks between."""
    written = tokens(alphabet)
    return [" ".join(written[i] for i in row[1:-1]) for row in rows]


def in_nltk(rows: Sequence[Sequence[int]], order: int, discount: float) -> KneserNeyInterpolated:
    """Their Kneser–Ney of the same texts, padded their way."""
    model = KneserNeyInterpolated(order, discount=discount)
    words = [[str(i) for i in row[1:-1]] for row in rows]
    model.fit(*padded_everygram_pipeline(order, words))
    return model


def scored_by_nltk(model: KneserNeyInterpolated, row: Sequence[int]) -> list[float]:
    """log2 p of each symbol of a row after the opening."""
    before = model.order - 1
    words = ["<s>"] * before + [str(i) if i else "</s>" for i in row[1:]]
    return [model.logscore(words[i], words[i - before : i]) for i in range(before, len(words))]


def nltk_symbols_per_second(rows: dict[str, list[list[int]]], symbols: int) -> float:
    """Of test symbols, one by one, until there are `symbols` of them."""
    model, done = in_nltk(rows["train"], ORDER, discount=0.75), 0
    start = time.process_time()
    for row in rows["test"]:
        if done >= symbols:
            break
        done += len(scored_by_nltk(model, row[: symbols - done + 1]))
    return done / (time.process_time() - start)


def fitting() -> dict[str, Any]:
    """Seconds and memory of one fit, in a process of its own."""
    command = [sys.executable, "-c", FITTING, str(FITTED)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])


def main(
    repeats: Annotated[int, typer.Option(min=1, help="turns of scoring; fits are five")] = 15,
    symbols: Annotated[int, typer.Option(min=1, help="how many nltk scores")] = 300,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Times all; prints medians and ratios; refuses when ours and KenLM disagree."""
    run, tokenizer, reviews = session.start("cpu"), CharTokenizer(), load_reviews("text")
    rows = {s: [tokenizer.encode(text) for text in reviews[s]["text"]] for s in ("train", "test")}
    n = int(n_predicted(rows["test"]).sum())
    model = NGram(ORDER, tokenizer.vocab_size, "kneser_ney").fit(rows["train"])
    begun = time.process_time()
    model.nll(rows["test"][:1])
    runs: dict[str, Any] = {"tables": time.process_time() - begun, "ours": [], "kenlm": []}
    with tempfile.TemporaryDirectory() as folder:
        theirs = in_kenlm(model, Path(folder), tokenizer.alphabet)
    sentences = as_text(rows["test"], tokenizer.alphabet)
    for _ in range(repeats):
        start = time.process_time()
        ours = model.nll(rows["test"])
        middle = time.process_time()
        scores = [theirs.score(sentence) for sentence in sentences]
        runs["ours"].append(middle - start)
        runs["kenlm"].append(time.process_time() - middle)
    if not np.allclose(scores, -ours / math.log(10), atol=1e-2):
        raise SystemExit("ours and KenLM disagree about the sentences")
    runs["nltk_symbols_per_second"] = nltk_symbols_per_second(rows, symbols)
    runs["fitting"] = [fitting() for _ in range(5)]

    speed = {way: n / statistics.median(runs[way]) for way in ("ours", "kenlm")}
    speed["nltk"] = runs["nltk_symbols_per_second"]
    over = {
        "kenlm": statistics.median(b / a for a, b in zip(runs["ours"], runs["kenlm"], strict=True)),
        "nltk": speed["ours"] / speed["nltk"],
    }
    fit = {
        key: statistics.median(one[key] for one in runs["fitting"]) for key in runs["fitting"][0]
    }
    table = Table("symbols a second, order 5", "", "ours over it")
    for way, value in speed.items():
        table.add_row(way, f"{value:,.0f}", f"{over[way]:,.2f}" if way in over else "")
    Console().print(table)
    print(f"order {FITTED}: {fit['seconds']:.2f} s, peak {fit['peak_mb']:.0f} MB", file=sys.stderr)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/ngrams.py --repeats {repeats} --symbols {symbols}",
            run,
            runs=runs,
            test_symbols=n,
            symbols_per_second=speed,
            ours_over=over,
            fit_order_8=fit,
        )


if __name__ == "__main__":
    typer.run(main)
