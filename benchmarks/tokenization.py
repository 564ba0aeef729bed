"""Byte pairs: our pure Python against the Rust of `tokenizers`, in turns.

    python benchmarks/tokenization.py [--merges N] [--repeats R] [--json FILE]

Each way learns N merges on the training reviews, then cuts them into ids twice, all in a process of
its own; the processes take turns. The reference runs with one thread of its own (RAYON_NUM_THREADS)
and with as many as it chooses.

- `learning` is from the texts to the merges;
- `encoding` from the texts to the ids, the tokenizer new; `encoding again` the same once more, when
  both ways have words in their memory.

A ratio is the median of the ratios within the repeats; below one, ours is faster. It refuses when
merges or ids differ. The last record is benchmarks/tokenization.json.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import storing
import typer
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from lmcourse import session
from lmcourse.data.reviews import load_reviews

WAYS = {"ours": None, "one thread": "1", "its choice": "0"}  # RAYON_NUM_THREADS of the reference
SPANS = ("learning", "encoding", "encoding again")
Encode = Callable[[Sequence[str]], list[list[int]]]


def ours(texts: Sequence[str], n_merges: int) -> Encode:
    """Learns, and gives the function that encodes, without boundaries."""
    from lmcourse.text.byte_pairs import BytePairTokenizer, learn_merges

    tokenizer = BytePairTokenizer(learn_merges(texts, n_merges))
    return lambda texts: [tokenizer.encode(text)[1:-1] for text in texts]


def peer(texts: Sequence[str], n_merges: int) -> Tokenizer:
    """`tokenizers` trained on `texts`; id 0 is its special token, so that the others are ours."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=257 + n_merges,
        special_tokens=["<boundary>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def reference(texts: Sequence[str], n_merges: int) -> Encode:
    """The same by `tokenizers`."""
    tokenizer = peer(texts, n_merges)
    return lambda texts: [found.ids for found in tokenizer.encode_batch(texts)]


def measured(way: str, texts: Sequence[str], n_merges: int) -> dict[str, Any]:
    """Seconds of each span, and a digest of the ids, which depend on every merge."""
    learn = ours if way == "ours" else reference
    learn(texts[:2], 2)  # imports and first calls are not timed
    times = [time.perf_counter()]
    encode = learn(texts, n_merges)
    times.append(time.perf_counter())
    first = encode(texts)
    times.append(time.perf_counter())
    again = encode(texts)
    times.append(time.perf_counter())
    spans = {span: times[i + 1] - times[i] for i, span in enumerate(SPANS)}
    digest = hashlib.sha256(json.dumps([first, again]).encode()).hexdigest()
    return spans | {"ids": digest, "tokens": sum(map(len, first))}


def in_its_own_process(way: str, n_merges: int) -> dict[str, Any]:
    """`measured` on the training reviews, by a fresh Python."""
    threads = WAYS[way]
    extra = {} if threads is None else {"RAYON_NUM_THREADS": threads}
    command = [sys.executable, __file__, "--way", way, "--merges", str(n_merges)]
    environment = os.environ | extra | {"TOKENIZERS_PARALLELISM": "true"}
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(said.stdout.splitlines()[-1])


def main(
    merges: Annotated[int, typer.Option(min=0, help="merges to learn")] = 4000,
    repeats: Annotated[int, typer.Option(min=1, help="processes of each way")] = 7,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Times all ways in turns; prints medians and ratios; refuses when the ids differ."""
    if way is not None:
        print(json.dumps(measured(way, list(load_reviews("text")["train"]["text"]), merges)))
        return
    run = session.start("cpu")
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            runs[way].append(in_its_own_process(way, merges))
            print(way, runs[way][-1], file=sys.stderr, flush=True)
    if len({one["ids"] for found in runs.values() for one in found}) > 1:
        raise SystemExit("the ways give different ids")

    table = Table("seconds", *WAYS, "ours over one thread", "over its choice")
    medians: dict[str, dict[str, float]] = {}
    ratios: dict[str, dict[str, float]] = {}
    for span in SPANS:
        times = {way: [one[span] for one in runs[way]] for way in WAYS}
        medians[span] = {way: statistics.median(times[way]) for way in WAYS}
        ratios[span] = {
            way: statistics.median(a / b for a, b in zip(times["ours"], times[way], strict=True))
            for way in ("one thread", "its choice")
        }
        shown = [f"{medians[span][way]:.3f}" for way in WAYS]
        table.add_row(span, *shown, *(f"{ratio:.2f}" for ratio in ratios[span].values()))
    Console().print(table)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/tokenization.py --merges {merges} --repeats {repeats}",
            run,
            tokenizers=metadata.version("tokenizers"),
            cores=len(os.sched_getaffinity(0)),
            runs=runs,
            median_seconds=medians,
            ours_over_reference=ratios,
        )


if __name__ == "__main__":
    typer.run(main)
