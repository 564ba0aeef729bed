"""What 8 to 1,024 labels are worth to six ways of using them: the record of `bert/few_labels`.

    python benchmarks/sweep_few_labels.py

A draw of n labels takes n/2 sentences of each class from training; a seed's larger draw holds its
smaller ones. The parts, in this order:

- choose: settings, on draws of their own (seeds from 100 on) and the validation split;
- prompt: SmolLM2 without labels, five templates by three pairs of label words, on test;
- curve: accuracy on test with n labels: TF-IDF and frozen vectors under logistic regression,
  fine-tuning;
- choose again: rate and passes for fine-tuning with many labels, as in choose, with 1,024 labels;
- further: fine-tuning with many labels at that choice;
- shown: SmolLM2 with k labelled sentences in the prompt, on test.
"""

import functools
from typing import Any

import numpy as np
import sweep
import torch
import typer
from counting import vectorizers
from sklearn.linear_model import LogisticRegression
from transformers import AutoTokenizer

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.models import classifier, pretrained
from lmcourse.models.prompting import class_log_probabilities
from lmcourse.session import Session
from lmcourse.text.labelled import encode
from lmcourse.training.classification import fine_tune, scores

CHAPTER = "bert/few_labels"
COMMAND = "python benchmarks/sweep_few_labels.py"
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)
FURTHER = (512, 1024, 2048)
CHEAP, DEAR = 20, 6  # draws
TEMPLATES = {
    "sentiment": "Review: {text}\nSentiment:",
    "it was": "{text} It was",
    "in summary": "Review: {text}\nIn summary, the film is",
    "question": "Is this review positive or negative?\n\n{text}\n\nAnswer:",
    "chat": "<|im_start|>user\nIs this review positive or negative?\n\n{text}<|im_end|>\n"
    "<|im_start|>assistant\nThe review is",
}
PAIRS = ((" negative", " positive"), (" bad", " good"), (" terrible", " great"))
WORDS = [word for pair in PAIRS for word in pair]
FEW = 60  # whose scores are kept, for the chapter to compare
UNLABELLED = 200  # sentences whose mean score corrects a prompt
ASKED, PAIR = "sentiment", 0  # the prompt that is compared: settled before anything was measured


@functools.cache
def data() -> dict[str, tuple[list[str], np.ndarray]]:
    """Texts and labels of each split."""
    return {
        name: (list(split["text"]), np.array(split["label"]))
        for name, split in load_reviews("binary").items()
    }


def draw(n: int, seed: int) -> np.ndarray:
    """Which training sentences are labelled: the first n/2 of each class in a seeded order."""
    labels = data()["train"][1]
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == k][: n // 2] for k in (0, 1)])


# Counting words


@functools.cache
def counted(kind: str) -> dict[str, Any]:
    """Sparse vectors of each split, with inverse document frequencies of all training sentences."""
    vectorizer = vectorizers(min_df=1)[kind].fit(data()["train"][0])
    return {name: vectorizer.transform(texts) for name, (texts, _) in data().items()}


def by_counting(n: int, seed: int, split: str, **options: Any) -> float:
    chosen, y = draw(n, seed), data()["train"][1]
    if options["read"] == "pool":  # document frequencies need no labels
        every = counted(options["features"])
        seen, held_out = every["train"][chosen], every[split]
    else:
        vectorizer = vectorizers(min_df=1)[options["features"]]
        seen = vectorizer.fit_transform([data()["train"][0][i] for i in chosen])
        held_out = vectorizer.transform(data()[split][0])
    regression = LogisticRegression(C=options["C"], max_iter=2000).fit(seen, y[chosen])
    return float(regression.score(held_out, data()[split][1]))


# The encoder


@functools.cache
def rows() -> dict[str, list[list[int]]]:
    tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
    return {name: encode(texts, tokenizer, 128) for name, (texts, _) in data().items()}


@functools.cache
def vectors() -> dict[str, np.ndarray]:
    """Mean vectors [N, d] of the encoder as it is published."""
    model: Any = classifier.fresh(2, 0)
    model.head = torch.nn.Identity()
    run = session.current()
    return {name: scores(model, rows()[name], run).numpy() for name in rows()}


def by_frozen(n: int, seed: int, split: str, **options: Any) -> float:
    chosen, y = draw(n, seed), data()["train"][1]
    x = vectors()
    if options["scaled"]:
        middle, spread = x["train"].mean(axis=0), x["train"].std(axis=0)
        spread[spread == 0] = 1  # two of the numbers never vary
        x = {name: (values - middle) / spread for name, values in x.items()}
    regression = LogisticRegression(C=options["C"], max_iter=5000).fit(
        x["train"][chosen], y[chosen]
    )
    return float(regression.score(x[split], data()[split][1]))


def by_tuning(
    run: Session, n: int, split: str, rate: float, steps: int = 0, passes: int = 0
) -> float:
    chosen, y = draw(n, run.seed), data()["train"][1]
    model = classifier.fresh(2, run.seed)
    fine_tune(
        model,
        [rows()["train"][i] for i in chosen],
        y[chosen],
        session=run,
        learning_rate=rate,
        epochs=passes or steps / -(-n // 32),
    )
    answers = scores(model, rows()[split], run).argmax(dim=-1).numpy()
    return float(np.mean(answers == data()[split][1]))


# The language model


@functools.cache
def language_model() -> tuple[Any, Any]:
    tokenizer, model = pretrained.causal_lm()
    if session.current().precision == "bf16":
        model.bfloat16()
    return tokenizer, model


def asked(template: str, words: Any, texts: list[str]) -> np.ndarray:
    tokenizer, model = language_model()
    return class_log_probabilities(model, tokenizer, template, words, texts).numpy()


def three_ways(template: str, words: Any, split: str) -> list[dict[str, Any]]:
    """For each pair of words: accuracy as asked, less a text without content, less the mean.

    With the scores of the first `FEW` sentences and with what was subtracted.
    """
    texts, y = data()[split]
    some = np.random.default_rng(0).choice(len(data()["train"][0]), UNLABELLED, replace=False)
    answers = asked(template, words, texts)  # [N, K]
    empty = asked(template, words, ["N/A"])  # [1, K]
    others = asked(template, words, [data()["train"][0][i] for i in some])  # [M, K]
    found = []
    for i in range(0, len(words), 2):
        score, level, pool = (x[:, i + 1] - x[:, i] for x in (answers, empty, others))
        found.append(
            {
                name: round(float(np.mean((score > threshold) == (y == 1))), 6)
                for name, threshold in (
                    ("plain", 0.0),
                    ("empty", level[0]),
                    ("mean", pool.mean()),
                )
            }
            | {
                "says praise": round(float(np.mean(score > 0)), 6),
                "level": round(float(pool.mean()), 3),
                "scores": [round(float(value), 2) for value in score[:FEW]],
            }
        )
    return found


def shown(k: int, seed: int) -> str:
    """The template with k labelled sentences of the draw before it, in random order."""
    template, pair = TEMPLATES[ASKED], PAIRS[PAIR]
    chosen = np.random.default_rng(seed).permutation(draw(k, seed))
    texts, y = data()["train"]
    told = [template.replace("{text}", texts[i]) + pair[y[i]] for i in chosen]
    return "\n\n".join([*told, template])


def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
    """What one trial found; the name of its part decides what is done."""
    split = "validation" if trial["part"].startswith("choose") else "test"
    n, system = trial.get("labels", 0), trial.get("system")
    options = trial.get("options", {})
    if system == "prompt":
        every = three_ways(TEMPLATES[trial["template"]], WORDS, split)
        return {"asked": TEMPLATES[trial["template"]], "found": every}
    if system == "shown":
        return three_ways(shown(n, run.seed), PAIRS[PAIR], split)[0]
    if system == "tuned":
        return {"accuracy": by_tuning(run, n, split, **options)}
    by = by_counting if system == "tf-idf" else by_frozen
    return {"accuracy": by(n, run.seed, split, **options)}


def to_choose() -> list[sweep.Trial]:
    """Settings offered to each system, on draws that no other part uses."""
    found: list[sweep.Trial] = []
    offered: dict[str, list[dict[str, Any]]] = {
        "tf-idf": [
            {"features": kind, "read": read, "C": c}
            for kind in ("words", "words and pieces")
            for read in ("labelled", "pool")
            for c in (1, 10, 100)
        ],
        "frozen": [
            {"scaled": scaled, "C": c}
            for scaled in (False, True)
            for c in (0.001, 0.01, 0.1, 1, 10)
        ],
        "tuned": [{"rate": rate, "steps": steps} for rate in (1e-4, 3e-4) for steps in (40, 120)],
    }
    for system, choices in offered.items():
        for options in choices:
            for n in (32, 256):
                for seed in range(100, 102 if system == "tuned" else 105):
                    trial = {"part": "choose", "system": system, "labels": n, "seed": seed}
                    found.append(trial | {"options": options})
    return found


def best(system: str, runs: list[sweep.Trial]) -> dict[str, Any]:
    """The settings with the highest mean accuracy on validation, over sizes and draws."""
    found: dict[str, list[float]] = {}
    options = {str(sorted(t["options"].items())): t["options"] for t in runs}
    for trial in runs:
        if trial["system"] == system:
            key = str(sorted(trial["options"].items()))
            found.setdefault(key, []).append(trial["accuracy"])
    return options[max(found, key=lambda key: np.mean(found[key]))]


def trials(chosen: dict[str, dict[str, Any]]) -> list[sweep.Trial]:
    """Everything else, the cheap ones first, with the chosen settings of each system."""
    found: list[sweep.Trial] = [
        {"part": "prompt", "system": "prompt", "template": name, "seed": 0} for name in TEMPLATES
    ]
    curve = [{"part": "curve", "system": s, "options": options} for s, options in chosen.items()]
    for cheap in curve[:2]:
        found += [cheap | {"labels": n, "seed": s} for s in range(CHEAP) for n in SIZES]
    for seed in range(DEAR):
        found += [curve[2] | {"labels": n, "seed": seed} for n in SIZES]
        for k in (2, 4, 8):
            found.append({"part": "shown", "system": "shown", "labels": k, "seed": seed})
    return found


def to_choose_again() -> list[sweep.Trial]:
    """Rates and passes for fine-tuning with many labels."""
    trial = {"part": "choose again", "system": "tuned", "labels": 1024}
    return [
        trial | {"seed": seed, "options": {"rate": rate, "passes": passes}}
        for rate in (1e-4, 2e-4, 3e-4)
        for passes in (1, 3)
        for seed in (100, 101)
    ]


def further(chosen: dict[str, Any]) -> list[sweep.Trial]:
    """Fine-tuning with many labels."""
    trial = {"part": "further", "system": "tuned", "options": chosen}
    return [trial | {"labels": n, "seed": seed} for seed in range(DEAR) for n in FURTHER]


def main() -> None:
    """Chooses the settings, then measures with them; goes on from what is on record."""

    def measured(some: list[sweep.Trial], part: str = "") -> list[sweep.Trial]:
        runs = sweep.run(CHAPTER, COMMAND, some, measure, sizes=list(SIZES))
        return [trial for trial in runs if trial["part"] == part]

    choosing = measured(to_choose(), "choose")
    measured(trials({system: best(system, choosing) for system in ("tf-idf", "frozen", "tuned")}))
    measured(further(best("tuned", measured(to_choose_again(), "choose again"))))


if __name__ == "__main__":
    typer.run(main)
