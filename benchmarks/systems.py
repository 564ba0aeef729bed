"""The systems of the second ladder: each learns from labelled texts, is stored, and answers.

A system is made with a seed and has `learn`, which says how many numbers it trained, `save` and
`load`, which write and read a folder, and `answers`. What it needs is imported when it needs it, so
that the memory of a process is that of one system. `SYSTEMS` has them by name.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Texts = list[str]
LONGEST = 128


class System(Protocol):
    """What all of them can do; labels and answers are 0 and 1, [N]."""

    def __init__(self, seed: int) -> None: ...

    def learn(self, texts: Texts, labels: np.ndarray) -> int: ...

    def save(self, folder: Path) -> None: ...

    def load(self, folder: Path) -> None: ...

    def answers(self, texts: Texts) -> np.ndarray: ...


class Majority:
    """Says what was more frequent in training."""

    def __init__(self, seed: int) -> None:
        self.label = 0

    def learn(self, texts: Texts, labels: np.ndarray) -> int:
        self.label = int(labels.mean() > 0.5)
        return 1

    def save(self, folder: Path) -> None:
        (folder / "label").write_text(str(self.label))

    def load(self, folder: Path) -> None:
        self.label = int((folder / "label").read_text())

    def answers(self, texts: Texts) -> np.ndarray:
        return np.full(len(texts), self.label)


class Lexicon:
    """Log-odds weights of 400 words, those of `bert/finetune_sentiment`."""

    def __init__(self, seed: int) -> None:
        self.weights: dict[str, float] = {}

    @staticmethod
    def words(text: str) -> list[str]:
        return re.findall(r"[a-z']+", text.lower())

    def learn(self, texts: Texts, labels: np.ndarray) -> int:
        counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for text, label in zip(texts, labels, strict=True):
            counts[label].update({*self.words(text)})
        n = np.bincount(labels, minlength=2)
        vocabulary = sorted(counts[0] | counts[1])
        blame, praise = (np.array([c[word] for word in vocabulary]) + 0.5 for c in counts)
        no_blame, no_praise = n[0] + 1 - blame, n[1] + 1 - praise
        weights = np.log(praise / no_praise) - np.log(blame / no_blame)
        errors = np.sqrt(1 / praise + 1 / no_praise + 1 / blame + 1 / no_blame)
        order = np.argsort(weights / errors)
        self.weights = {vocabulary[i]: float(weights[i]) for i in [*order[:200], *order[-200:]]}
        return len(self.weights)

    def save(self, folder: Path) -> None:
        (folder / "weights.json").write_text(json.dumps(self.weights))

    def load(self, folder: Path) -> None:
        self.weights = json.loads((folder / "weights.json").read_text())

    def answers(self, texts: Texts) -> np.ndarray:
        sums = [sum(self.weights.get(word, 0.0) for word in self.words(text)) for text in texts]
        return (np.array(sums) > 0).astype(int)


class Linear:
    """Logistic regression on TF-IDF of words and pieces, as validation chose it there."""

    def __init__(self, seed: int) -> None:
        from counting import vectorizers
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        regression = LogisticRegression(C=3, max_iter=2000)
        self.pipeline: Any = make_pipeline(vectorizers()["words and pieces"], regression)

    def learn(self, texts: Texts, labels: np.ndarray) -> int:
        self.pipeline.fit(texts, labels)
        return int(self.pipeline[-1].coef_.size + 1)

    def save(self, folder: Path) -> None:
        import joblib

        joblib.dump(self.pipeline, folder / "pipeline.joblib")

    def load(self, folder: Path) -> None:
        import joblib

        self.pipeline = joblib.load(folder / "pipeline.joblib")

    def answers(self, texts: Texts) -> np.ndarray:
        return self.pipeline.predict(texts)


class Encoder:
    """The pretrained encoder, fine-tuned in one of the ways of `bert/parameter_efficient`."""

    def __init__(self, seed: int, way: str) -> None:
        from sweep_parameter_efficient import built

        from lmcourse import session

        self.run, self.way = session.start("cpu", seed), way
        self.model: Any = built(way, seed)

    @functools.cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        from lmcourse.models import pretrained

        return AutoTokenizer.from_pretrained(pretrained.encoder_folder())

    def rows(self, texts: Texts) -> list[list[int]]:
        from lmcourse.text.labelled import encode

        return encode(texts, self.tokenizer, LONGEST)

    def learn(self, texts: Texts, labels: np.ndarray) -> int:
        from sweep_parameter_efficient import CHAPTER, trained

        from lmcourse.records import sweep

        (rate,) = {
            trial["rate"]
            for trial in sweep(CHAPTER)["runs"]
            if (trial["stage"], trial["way"]) == ("final", self.way)
        }
        trained(self.model, self.rows(texts), labels, rate, self.run)
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    def save(self, folder: Path) -> None:
        """What was trained: all of the encoder, or the small file beside it."""
        from lmcourse.models import classifier

        if self.way == "full":
            classifier.save(self.model, self.tokenizer, folder)
        else:
            self.model.save(folder / "added.safetensors")

    def load(self, folder: Path) -> None:
        from lmcourse.models import classifier

        if self.way == "full":
            self.tokenizer, self.model = classifier.load(folder)
        else:
            self.model.load(folder / "added.safetensors")
        if hasattr(self.model, "merge"):
            self.model.merge()

    def answers(self, texts: Texts) -> np.ndarray:
        from lmcourse.training.classification import scores

        return scores(self.model, self.rows(texts), self.run).argmax(dim=-1).numpy()


class SmallBERT:
    """The book's own BERT, pretrained by `lmcourse.weights.small_bert`, fine-tuned in full."""

    def __init__(self, seed: int) -> None:
        import torch

        from lmcourse import session
        from lmcourse.text.pieces import word_pieces
        from lmcourse.weights import small_bert

        self.run = session.start("cpu", seed)
        bert, recipe = small_bert.load()
        self.tokenizer = word_pieces(recipe["pieces"].split(" "))
        torch.manual_seed(seed)
        self.model = _with_head(bert)

    def rows(self, texts: Texts) -> list[list[int]]:
        from lmcourse.text.pieces import CLS, SEP

        found = self.tokenizer.encode_batch(texts)
        return [[CLS, *row.ids[: LONGEST - 2], SEP] for row in found]

    def learn(self, texts: Texts, labels: np.ndarray) -> int:
        from lmcourse.records import sweep

        tried: dict[tuple[float, int], list[float]] = {}  # accuracies on validation, by seed
        for trial in sweep("bert/choosing_a_model")["runs"]:
            if trial["stage"] == "choice":
                tried.setdefault((trial["rate"], trial["epochs"]), []).append(trial["accuracy"])
        rate, epochs = max(tried, key=lambda settings: sum(tried[settings]))
        return self.tune(texts, labels, rate, epochs)

    def tune(self, texts: Texts, labels: np.ndarray, rate: float, epochs: int) -> int:
        from lmcourse.training.classification import fine_tune

        settings: dict[str, Any] = {"learning_rate": rate, "epochs": epochs}
        fine_tune(self.model, self.rows(texts), labels, session=self.run, **settings)
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    def save(self, folder: Path) -> None:
        from safetensors.torch import save_file

        pieces = sorted(self.tokenizer.get_vocab().items(), key=lambda item: item[1])
        (folder / "pieces.txt").write_text("\n".join(piece for piece, _ in pieces))
        save_file(self.model.state_dict(), folder / "model.safetensors")

    def load(self, folder: Path) -> None:
        from safetensors.torch import load_file

        self.model.load_state_dict(load_file(folder / "model.safetensors"))

    def answers(self, texts: Texts) -> np.ndarray:
        from lmcourse.training.classification import scores

        return scores(self.model, self.rows(texts), self.run).argmax(dim=-1).numpy()


def _with_head(bert: Any) -> Any:
    """`model(ids, mask)`: one layer on the mean of the vectors of a `BERT`."""
    import torch

    from lmcourse.models.classifier import mean_of_tokens

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert
            self.dropout = torch.nn.Dropout(0.1)
            self.head = torch.nn.Linear(bert.config.d_model, 2)

        def forward(self, ids: Any, mask: Any) -> Any:
            vectors = self.bert(ids, torch.zeros_like(ids), mask.bool())  # [B, T, d]
            return self.head(self.dropout(mean_of_tokens(vectors, mask)))

    return Classifier()


class Prompt:
    """SmolLM2 asked by the template of `bert/few_labels`, `shown` labelled sentences before it.

    The mean score of sentences without labels is subtracted.
    """

    def __init__(self, seed: int, shown: int) -> None:
        from sweep_few_labels import ASKED, PAIR, PAIRS, TEMPLATES

        from lmcourse import session
        from lmcourse.models import pretrained

        run = session.start("cpu", seed)
        self.tokenizer, self.model = pretrained.causal_lm()
        if run.precision == "bf16":
            self.model.bfloat16()
        self.seed, self.shown = seed, shown
        self.words = PAIRS[PAIR]
        self.asked: dict[str, Any] = {"template": TEMPLATES[ASKED], "threshold": 0.0}

    def scores(self, texts: Texts) -> np.ndarray:
        from lmcourse.models.prompting import class_log_probabilities

        template = self.asked["template"]
        found = class_log_probabilities(self.model, self.tokenizer, template, self.words, texts)
        return (found[:, 1] - found[:, 0]).numpy()

    def learn(self, texts: Texts, labels: np.ndarray) -> int:
        import sweep_few_labels

        if self.shown:
            self.asked["template"] = sweep_few_labels.shown(self.shown, self.seed)
        some = np.random.default_rng(0).choice(
            len(texts), sweep_few_labels.UNLABELLED, replace=False
        )
        self.asked["threshold"] = float(self.scores([texts[i] for i in some]).mean())
        return 1

    def save(self, folder: Path) -> None:
        (folder / "asked.json").write_text(json.dumps(self.asked))

    def load(self, folder: Path) -> None:
        self.asked = json.loads((folder / "asked.json").read_text())

    def answers(self, texts: Texts) -> np.ndarray:
        return (self.scores(texts) > self.asked["threshold"]).astype(int)


def shared_bytes(name: str) -> int:
    """Bytes of the published weights that a system needs beside its own folder."""
    from lmcourse.data import download
    from lmcourse.data.catalogue import CAUSAL_LM
    from lmcourse.models import pretrained

    if name.startswith("prompt"):
        return download.file(CAUSAL_LM, "*.gguf").stat().st_size
    if name in WAYS and name != "full":
        return (pretrained.encoder_folder() / "model.safetensors").stat().st_size
    return 0


WAYS = ("head", "biases", "top layer", "adapters", "prefix", "LoRA", "AdaLoRA", "full")
SYSTEMS: dict[str, Callable[[int], System]] = {
    "majority": Majority,
    "lexicon": Lexicon,
    "TF-IDF": Linear,
    "small BERT": SmallBERT,
    **{way: functools.partial(Encoder, way=way) for way in WAYS},
    "prompt": functools.partial(Prompt, shown=0),
    "prompt, 8 shown": functools.partial(Prompt, shown=8),
}
UNSEEDED = ("majority", "lexicon", "TF-IDF", "prompt")  # a seed changes nothing
