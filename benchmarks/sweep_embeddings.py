"""Word vectors from more text, judged by lists; and the learning rate on the reviews.

    python benchmarks/sweep_embeddings.py [--seeds S]

- rate: skip-gram on the training reviews at three rates. The ranks of `ALIKE` among the words that
  the reviews hold five times; the chapter reads those of every second pair, to choose.
- text: skip-gram and the factorized positive PMI on a 32nd, an eighth and half of the IMDb reviews.
  A seed draws which reviews, and the vectors of skip-gram, which reads 16, 4 and 1 times: each run
  makes about as many steps. Ranks and analogies are among the words that all of the text holds 100
  times; one that a run's text does not hold five times has a vector of zeros.
"""

import random
import time
from collections import Counter
from typing import Annotated, Any

import numpy as np
import sweep
import torch
import typer

from lmcourse.data.imdb import load_imdb
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import word_lists, word_vectors
from lmcourse.models.pmi import company, factorize, positive_pmi
from lmcourse.models.skip_gram import SkipGram
from lmcourse.session import Session
from lmcourse.text.words import Vocabulary, words

CHAPTER = "neural/embeddings"
DIM, RATES, PARTS = 100, (0.1, 0.3, 1.0), (32, 8, 2)
EPOCHS, RATE = 10, 0.3
SHOWN = ("good", "film", "actress", "seven", "paris")


def trials(seeds: int) -> list[sweep.Trial]:
    """Those on the reviews first: all rates with seed 0, and the one chosen with the others."""
    found: list[sweep.Trial] = [
        {"table": "rate", "seed": seed, "rate": rate}
        for seed in range(seeds)
        for rate in RATES
        if seed == 0 or rate == RATE
    ]
    for seed in range(seeds):
        for part in PARTS:
            text = {"table": "text", "seed": seed, "part": part}
            found.append(text | {"method": "skip-gram"})
            found.append(text | {"method": "PMI"})
    return found


def judged(vocabulary: Vocabulary, vectors: np.ndarray, common: list[str]) -> dict[str, Any]:
    """Ranks, analogies and nearest words among the `common` words."""
    place = {word: i for i, word in enumerate(common)}
    table = np.zeros((len(common), vectors.shape[1]))
    for word, i in place.items():
        if word in vocabulary:
            table[i] = vectors[vocabulary.id(word)]
    ids = {
        name: [(place[a], place[b]) for a, b in pairs if a in place and b in place]
        for name, pairs in {
            "alike": word_lists.ALIKE,
            "opposite": word_lists.OPPOSITE,
            **word_lists.RELATIONS,
        }.items()
    }
    found: dict[str, Any] = {
        name: word_vectors.pair_ranks(table, ids[name]).tolist() for name in ("alike", "opposite")
    }
    ways: dict[str, dict[str, bool]] = {
        "usual": {},
        "nothing excluded": {"exclude": False},
        "c alone": {"offset": False},
    }
    found["questions"] = {
        name: len(ids[name]) * (len(ids[name]) - 1) for name in word_lists.RELATIONS
    }
    found["right"] = {
        way: {
            name: int(word_vectors.analogies(table, ids[name], **options).sum())
            for name in word_lists.RELATIONS
        }
        for way, options in ways.items()
    }
    unit = word_vectors.unit(table)
    found["nearest"] = {}
    for word in filter(place.__contains__, SHOWN):
        order = np.argsort(-(unit @ unit[place[word]]), kind="stable")
        found["nearest"][word] = [common[i] for i in order if i != place[word]][:6]
    return found


def main(seeds: Annotated[int, typer.Option(min=1, help="runs of each setting")] = 3) -> None:
    """Makes and judges the vectors of every trial."""
    reviews = [words(text) for text in load_reviews("text")["train"]["text"]]
    imdb = [[words(sentence) for sentence in review] for review in load_imdb()]
    counts = Counter(word for review in imdb for sentence in review for word in sentence)
    common = sorted(word for word, n in counts.items() if n >= 100)

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        text, epochs = reviews, EPOCHS
        if trial["table"] == "text":
            chosen = random.Random(run.seed).sample(imdb, len(imdb) // trial["part"])
            text = [sentence for review in chosen for sentence in review]
            epochs = trial["part"] // min(PARTS)
        vocabulary = Vocabulary(text)
        rows, start = vocabulary.encode(text), time.process_time()
        if trial.get("method") == "PMI":
            pmi = positive_pmi(company(rows, len(vocabulary)))
            vectors = factorize(pmi, DIM)
        else:
            model = SkipGram(len(vocabulary), DIM, seed=run.seed)
            vectors = model.fit(rows, epochs, trial.get("rate", RATE)).vectors.numpy()
        seconds = round(time.process_time() - start, 1)
        known = vocabulary.words if trial["table"] == "rate" else common
        found = judged(vocabulary, vectors, known)
        return {"n_words": sum(map(len, text)), "seconds": seconds, **found}

    torch.set_num_threads(1)
    command = f"python benchmarks/sweep_embeddings.py --seeds {seeds}"
    about: dict[str, Any] = {"precision": "fp32", "dim": DIM, "common": len(common)}
    runs = sweep.run(CHAPTER, command, trials(seeds), measure, **about)
    print(len(runs), "runs")


if __name__ == "__main__":
    typer.run(main)
