"""Five ways to train on the same film sentences, asked about texts of other kinds.

    python benchmarks/sweep_robustness.py [--sentences N] [--seeds S]

All learn from the same N sentences; a seed draws the head, the order, dropout and the typos of
training. What is stored of each model are its answers: the margin, score of praise minus score of
blame (for the linear models the decision function), in hundredths, of every text of these sets:
the validation and test sentences of the film reviews, the first thousand of test with typos of the
kinds that training may see ("typos") and of another ("neighbour"), those of test that hold a word
of `SYNONYMS` with the other word in its place, the constructed negations, and the test sentences of
three other domains. Two things are chosen, by validation: the penalty of the linear models, and the
length of the adversarial step, by trials of the first seed that answer for validation only.
"""

from typing import Annotated, Any

import numpy as np
import sweep
import torch
import torch.nn.functional as F
import typer
from counting import vectorizers
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from transformers import AutoTokenizer

from lmcourse.data.domains import DOMAINS, load_domain
from lmcourse.data.reviews import load_reviews
from lmcourse.models import classifier, pretrained
from lmcourse.models.classifier import mean_of_tokens
from lmcourse.session import Session
from lmcourse.text.batches import LengthBuckets
from lmcourse.text.labelled import encode
from lmcourse.text.perturbations import SYNONYMS, negations, with_synonyms, with_typos
from lmcourse.training.classification import fine_tune, padded, scores
from lmcourse.training.loop import fit

CHAPTER = "bert/robustness"
LONGEST = 128
SHARE = 0.2  # of the words of four letters or more; fixed before anything was measured
TYPED = 1_000  # test sentences that are given typos, the first ones
LENGTHS = (0.01, 0.03, 0.1, 0.3)  # of the adversarial step, as shares of the text's own length


def kinds_of_text(known: set[str]) -> dict[str, list[str]]:
    """The texts of every set but validation, by name; see above."""
    films = list(load_reviews("binary")["test"]["text"])
    exchanged = with_synonyms(films, SYNONYMS)
    texts = {
        "films": films,
        "typos": with_typos(films[:TYPED], SHARE, 0, known),
        "neighbour": with_typos(films[:TYPED], SHARE, 0, known, ("neighbour",)),
        "synonyms": [new for new, old in zip(exchanged, films, strict=True) if new != old],
        "negations": [text for text, _, _ in negations()],
    }
    return texts | {name: list(load_domain(name)["test"]["text"]) for name in DOMAINS}


def words_known(tokenizer: Any, texts: list[str]) -> set[str]:
    """Words that a typo must not make: those of BERT's vocabulary and of `texts`."""
    pieces = {piece for piece in tokenizer.get_vocab() if piece.isalpha()}
    return pieces | {
        "".join(filter(str.isalpha, w)) for text in texts for w in text.lower().split()
    }


def moved(model: Any, ids: Tensor, mask: Tensor, targets: Tensor, length: float) -> Tensor:
    """A loss whose slope is that at the texts plus that at the texts moved against the model.

    Miyato et al. (2017), formula (5): the word vectors e [B, T, d] of each text move by r =
    length·|e|·g/|g|, g the slope of the loss, |·| over the whole text. Two passes forward, two
    backward: the second adds the weights' slopes of the first through a product with them.
    """
    vectors = model.encoder.embeddings.word_embeddings(ids).detach()  # [B, T, d]
    vectors = (vectors * mask[..., None]).requires_grad_()

    def loss(inputs: Tensor) -> Tensor:
        hidden = model.encoder(inputs_embeds=inputs, attention_mask=mask).last_hidden_state
        mean = mean_of_tokens(hidden, mask)
        return F.cross_entropy(model.head(model.dropout(mean)).float(), targets)

    weights = [p for p in model.parameters() if p.requires_grad]
    first = loss(vectors)
    slope, *others = torch.autograd.grad(first, [vectors, *weights])
    slope = slope * mask[..., None]
    size, steep = (x.flatten(1).norm(dim=1)[:, None, None] for x in (vectors, slope))
    second = loss((vectors + length * size * slope / steep.clamp(min=1e-12)).detach())
    held = sum((p * g).sum() for p, g in zip(weights, others, strict=True))
    return (second + held + (first - held).detach()) / 2


def main(
    sentences: Annotated[int, typer.Option(min=1, help="for training")] = 2_000,
    seeds: Annotated[int, typer.Option(min=2, help="runs of each training")] = 3,
) -> None:
    """Trains in every way once a seed, keeps the answers and prints accuracies on validation."""
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    reviews = load_reviews("binary")
    order = np.random.default_rng(0).permutation(len(reviews["train"]))[:sentences]
    texts = [reviews["train"][int(i)]["text"] for i in order]
    labels = np.array(reviews["train"]["label"])[order]
    known = words_known(tokenizer, list(reviews["train"]["text"]))
    sets = {"validation": list(reviews["validation"]["text"])} | kinds_of_text(known)
    judged = np.array(reviews["validation"]["label"])
    rows = {name: encode(found, tokenizer, LONGEST) for name, found in sets.items()}
    seen = encode(texts, tokenizer, LONGEST)

    def margins(model: Any, name: str, run: Session) -> np.ndarray:
        found = scores(model, rows[name], run)  # [N, 2]
        return (found[:, 1] - found[:, 0]).numpy()

    def adversary(model: Any, run: Session, length: float) -> Any:
        targets = torch.as_tensor(labels)
        buckets = LengthBuckets([len(row) for row in seen], 32, run.seed)

        def loss(model: Any, chosen: list[int]) -> Tensor:
            ids, mask = padded([seen[i] for i in chosen], run.device)
            return moved(model, ids, mask, targets[chosen], length)

        torch.manual_seed(run.seed)
        steps = buckets.batches_per_epoch
        return fit(model, loss, buckets, steps=steps, learning_rate=2e-4, session=run)

    def trained(run: Session, trial: sweep.Trial) -> tuple[Any, float]:
        model, kind = classifier.fresh(2, run.seed), trial["training"]
        if kind == "adversarial":
            return model, adversary(model, run, trial["length"]).seconds
        more, again = [], labels
        if kind == "typos":
            more = encode(with_typos(texts, SHARE, 1 + run.seed, known), tokenizer, LONGEST)
            again = np.concatenate([labels, labels])
        epochs = 2 if kind == "twice" else 1
        done = fine_tune(model, [*seen, *more], again, session=run, epochs=epochs)
        return model, done.seconds

    def linear(trial: sweep.Trial, run: Session) -> dict[str, np.ndarray]:
        if trial["training"] == "TF-IDF":
            vectorizer = vectorizers()["words and pieces"]
            fitted = vectorizer.fit_transform(texts)
            read = {name: vectorizer.transform(found) for name, found in sets.items()}
        else:
            model = classifier.fresh(2, 0)
            model.head = torch.nn.Identity()  # type: ignore
            fitted = scores(model, seen, run).numpy()
            read = {name: scores(model, found, run).numpy() for name, found in rows.items()}
        fits = [LogisticRegression(C=C, max_iter=5000).fit(fitted, labels) for C in (0.3, 1, 3, 10)]
        best = max(fits, key=lambda f: f.score(read["validation"], judged))
        return {name: best.decision_function(found) for name, found in read.items()}

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        if trial["training"] in ("TF-IDF", "frozen"):
            found, seconds = linear(trial, run), 0.0
        else:
            model, seconds = trained(run, trial)
            names = ["validation"] if trial.get("pilot") else rows
            found = {name: margins(model, name, run) for name in names}
        right = float(np.mean((found["validation"] > 0) == judged))
        answers = {
            name: " ".join(str(n) for n in np.round(100 * x).astype(int))
            for name, x in found.items()
        }
        return {"validation": right, "seconds": round(seconds, 1), "margins": answers}

    command = "python benchmarks/sweep_robustness.py"
    command += f" --sentences {sentences} --seeds {seeds}"
    about: dict[str, Any] = {"sentences": sentences, "share": SHARE}
    trials: list[sweep.Trial] = [{"training": kind, "seed": 0} for kind in ("TF-IDF", "frozen")]
    trials += [
        {"training": kind, "seed": seed}
        for seed in range(seeds)
        for kind in ("once", "twice", "typos")
    ]
    trials += [
        {"training": "adversarial", "length": length, "pilot": True, "seed": 0}
        for length in LENGTHS
    ]
    runs = sweep.run(CHAPTER, command, trials, measure, **about)
    pilots = [run for run in runs if run.get("pilot")]
    length = max(pilots, key=lambda run: run["validation"])["length"]
    trials += [
        {"training": "adversarial", "length": length, "pilot": False, "seed": seed}
        for seed in range(seeds)
    ]
    runs = sweep.run(CHAPTER, command, trials, measure, **about)
    for run in runs:
        print(run["training"], run["seed"], run.get("length", ""), f"{run['validation']:.3f}")


if __name__ == "__main__":
    typer.run(main)
