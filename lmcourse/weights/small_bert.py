"""A small BERT after a longer pretraining: `python -m lmcourse.weights.small_bert` made it.

It has read the film sentences and editorials of `pretraining/bert_from_scratch`, and the IMDb
reviews. `small_bert.json` beside this file is the recipe: the command, the word pieces, the
settings, seed, versions, date, seconds and what it reached on validation.
"""

import itertools
import math
import platform
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lmcourse import session
from lmcourse.data.editorials import load_editorials
from lmcourse.data.imdb import load_imdb
from lmcourse.data.reviews import load_reviews
from lmcourse.models.bert import BERT, BERTConfig, look_near, losses
from lmcourse.text.batches import LengthBuckets, by_length
from lmcourse.text.pairs import Batch, Row, collate, pair_rows
from lmcourse.text.pieces import learn_pieces, word_pieces
from lmcourse.training.loop import fit
from lmcourse.weights import stored

NAME = "small_bert"
PIECES, POSITIONS = 4_000, 192
SIZE = {"n_layers": 4, "n_heads": 4, "d_model": 160}
TRAINING: dict[str, Any] = {"batch_size": 128, "learning_rate": 2e-3}
STEPS = 18_000


def load(folder: Path | None = None) -> tuple[BERT, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe with its pieces."""
    return stored.load(NAME, lambda config: BERT(BERTConfig(**config)), folder)


def texts(split: str) -> tuple[list[str], list[list[str]]]:
    """Single film sentences, and runs of sentences without a gap: those of the editorials."""
    runs = []
    for article in load_editorials()[split].values():
        # places and their ranks grow together as long as none is missing
        for _, group in itertools.groupby(enumerate(article), lambda pair: pair[1] - pair[0]):
            runs.append([article[place] for _, place in group])
    return list(load_reviews("text")[split]["text"]), runs


def rows(split: str, tokenizer: Any, seed: int) -> list[Row]:
    """The rows of a split; those of IMDb are for training alone."""
    singles, documents = texts(split)
    if split == "train":
        documents = documents + [list(review) for review in load_imdb()]

    def ids(sentences: Sequence[str]) -> list[list[int]]:
        found = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(sentences))]
        return [row[: (POSITIONS - 3) // 2] for row in found]

    films = [Row.of(sentence) for sentence in ids(singles)]
    with ThreadPoolExecutor(2) as threads:  # the tokenizer lets go of the interpreter
        cut = list(threads.map(ids, documents))
    return films + pair_rows(cut, np.random.default_rng(seed))


@torch.inference_mode()
def reached(model: BERT, held_out: Sequence[Row], run: session.Session) -> dict[str, float]:
    """Bits for each masked piece, all of them hidden, and nats for each pair; masks of seed 7."""
    generator, shares = torch.Generator().manual_seed(7), {"mask_share": 1.0, "random_share": 0.0}
    sums, counts = np.zeros(2), np.zeros(2)
    model.eval()
    for chosen in by_length([len(row.ids) for row in held_out], 64):
        batch = _collate([held_out[i] for i in chosen], model, generator, **shares)
        batch = Batch(*(tensor.to(run.device) for tensor in batch))
        vectors = model(batch.inputs, batch.segments, batch.real)
        means = losses(model, vectors, batch.targets, batch.follows)
        asked = [int((tensor >= 0).sum()) for tensor in (batch.targets, batch.follows)]
        sums += [float(mean) * n for mean, n in zip(means, asked, strict=True)]
        counts += asked
    pieces, pairs = sums / counts
    return {
        "bits per piece": round(float(pieces) / math.log(2), 4),
        "nats per pair": round(float(pairs), 4),
    }


def train(folder: Path, progress: Path, profile: str, seed: int, steps: int) -> None:
    """Trains and writes the weights and their recipe into `folder`.

    `progress` is the file from which an interrupted run goes on; at the end it is removed.
    """
    run = session.start(profile, seed)
    singles, documents = texts("train")
    pieces = learn_pieces([*singles, *itertools.chain(*documents)], PIECES)
    tokenizer = word_pieces(pieces)
    seen, held_out = rows("train", tokenizer, seed), rows("validation", tokenizer, 1)
    config = BERTConfig(len(pieces), POSITIONS, **SIZE)
    torch.manual_seed(seed)
    model = look_near(BERT(config))
    buckets = LengthBuckets([len(row.ids) for row in seen], TRAINING["batch_size"], seed)

    def batch_at(step: int) -> Batch:
        drawn = torch.Generator().manual_seed(1_000_003 * seed + step)
        return _collate([seen[i] for i in buckets(step)], model, drawn)

    def loss(model: BERT, batch: Sequence[Tensor]) -> Tensor:
        inputs, targets, real, segments, follows = batch
        pieces, pairs = losses(model, model(inputs, segments, real), targets, follows)
        return pieces + pairs

    curve = {}

    def look(step: int) -> None:
        if step % (steps // 12 or 1) == 0:
            curve[step] = reached(model, held_out, run)
            print(step, curve[step], flush=True)

    history = fit(
        model,
        loss,
        batch_at,
        steps=steps,
        learning_rate=TRAINING["learning_rate"],
        session=run,
        label="longer BERT",
        checkpoint=progress,
        checkpoint_every=500,
        on_step=look,
    )
    recipe = {
        "command": f"python -m lmcourse.weights.{NAME} --profile {profile} --seed {seed} "
        f"--steps {steps}",
        "pieces": " ".join(pieces),
        "rows": len(seen),
        "training": TRAINING | {"steps": steps},
        "seed": seed,
        "device": torch.cuda.get_device_name() if run.device.type == "cuda" else "cpu",
        "precision": run.precision,
        "seconds": round(history.seconds),
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("lmcourse", "torch", "tokenizers")},
        },
        "validation_curve": curve,
    }
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())  # what is stored in fp16 is what is measured
    recipe["validation"] = reached(model, held_out, run)
    stored.save(folder, NAME, model, config, recipe)
    progress.unlink(missing_ok=True)
    print(f"{folder / NAME}.safetensors: {recipe['validation']}")


def _collate(rows: Sequence[Row], model: BERT, generator: torch.Generator, **shares: Any) -> Batch:
    return collate(rows, vocab_size=model.config.vocab_size, generator=generator, **shares)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = stored.command_line(NAME, __doc__, STEPS)
    parser.add_argument("--profile", choices=("cpu", "gpu"), default="gpu")
    given = parser.parse_args(arguments)
    train(given.folder, given.progress, given.profile, given.seed, given.steps)


if __name__ == "__main__":
    main()
