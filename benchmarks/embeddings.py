"""Skip-gram with negative sampling: ours against gensim, words a second and what they are worth.

    python benchmarks/embeddings.py [--repeats R] [--threads T] [--json FILE]

Both read the training reviews `EPOCHS` times with the same settings: 100 dimensions, windows up to
5 places, 5 negatives, frequent words left out at t = 0.001, noise by count^0.75. Both count the
words read, those left out included. They take turns, with `threads` threads (gensim: workers); a
ratio is the median of the ratios within the turns, by the wall clock and by the processor's time.
What is not the same: gensim steps after every pair, at a rate that falls from 0.025; ours takes 256
words a step, by AdaGrad. So the quality is told too: the geometric mean rank of `word_lists.ALIKE`.
The last record is benchmarks/embeddings.json.
"""

import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import gensim.models
import numpy as np
import storing
import torch
import typer
from rich.console import Console
from rich.table import Table

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import word_lists, word_vectors
from lmcourse.models.skip_gram import SkipGram
from lmcourse.text.words import Vocabulary, words

DIM, WINDOW, NEGATIVES, EPOCHS = 100, 5, 5, 10
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def in_gensim(texts: list[list[str]], threads: int, seed: int) -> gensim.models.Word2Vec:
    """Their model, its vocabulary counted, not yet trained."""
    model = gensim.models.Word2Vec(
        vector_size=DIM,
        window=WINDOW,
        negative=NEGATIVES,
        min_count=1,
        sg=1,
        hs=0,
        sample=1e-3,
        ns_exponent=0.75,
        workers=threads,
        seed=seed,
    )
    model.build_vocab(texts)
    return model


def trained(
    way: str, vocabulary: Vocabulary, rows: list[list[int]], threads: int, seed: int, epochs: int
) -> tuple[np.ndarray, dict[str, float]]:
    """Vectors [V, d] in the vocabulary's order, and the seconds of training by each clock."""
    if way == "gensim":
        texts = [[vocabulary.words[i] for i in row] for row in rows]
        theirs = in_gensim(texts, threads, seed)
    else:
        ours = SkipGram(len(vocabulary), DIM, WINDOW, NEGATIVES, seed=seed)
    start = {name: clock() for name, clock in CLOCKS.items()}
    if way == "gensim":
        theirs.train(texts, total_examples=len(texts), epochs=epochs)
    else:
        ours.fit(rows, epochs)
    seconds = {name: clock() - start[name] for name, clock in CLOCKS.items()}
    vectors = theirs.wv[vocabulary.words] if way == "gensim" else ours.vectors.numpy()
    return vectors, seconds


def mean_rank(vocabulary: Vocabulary, vectors: np.ndarray) -> float:
    """Geometric mean rank of the pairs alike."""
    both = [(a, b) for a, b in word_lists.ALIKE if a in vocabulary and b in vocabulary]
    pairs = [(vocabulary.id(a), vocabulary.id(b)) for a, b in both]
    return float(np.exp2(np.log2(word_vectors.pair_ranks(vectors, pairs)).mean()))


def main(
    repeats: Annotated[int, typer.Option(min=1, help="turns")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="of both")] = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Trains both in turns; prints words a second, their ratio and the ranks."""
    run = session.start("cpu")
    torch.set_num_threads(threads)
    texts = [words(text) for text in load_reviews("text")["train"]["text"]]
    vocabulary = Vocabulary(texts)
    rows = vocabulary.encode(texts)
    read = EPOCHS * sum(map(len, rows))
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "gensim": []}
    for seed in range(repeats):
        for way, found in runs.items():
            vectors, seconds = trained(way, vocabulary, rows, threads, seed, EPOCHS)
            found.append(seconds | {"mean_rank": mean_rank(vocabulary, vectors)})
    turns = list(zip(runs["ours"], runs["gensim"], strict=True))
    over: dict[str, Any] = {
        clock: statistics.median(b[clock] / a[clock] for a, b in turns) for clock in CLOCKS
    }
    medians = {
        way: {key: statistics.median(one[key] for one in found) for key in found[0]}
        for way, found in runs.items()
    }
    table = Table("", "words a second", "geometric mean rank")
    for way, median in medians.items():
        table.add_row(way, f"{read / median['wall']:,.0f}", f"{median['mean_rank']:.0f}")
    Console().print(table)
    print(", ".join(f"ours over gensim by {clock}: {ratio:.2f}" for clock, ratio in over.items()))
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/embeddings.py --repeats {repeats} --threads {threads}",
            run,
            runs=runs,
            words_read=read,
            words_per_second={way: read / median["wall"] for way, median in medians.items()},
            mean_rank={way: median["mean_rank"] for way, median in medians.items()},
            ours_over_gensim=over,
        )


if __name__ == "__main__":
    typer.run(main)
