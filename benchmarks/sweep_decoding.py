"""What SmolLM2 writes under ten ways of decoding, for transformer/decoding.

    python benchmarks/sweep_decoding.py

Of the training and validation sentences with at least 40 tokens, 40 are drawn. Their first 8 tokens
are the prompt; each way of decoding goes on for 48, the end marks forbidden, and the sentence
itself goes on for the 32 that are compared. Of every text are recorded

- `bits`: the mean surprise of its first 32 new tokens to the model, at temperature 1, unfiltered,
- `repeated`: the share of its 4-grams, among those 32, that stood in them before,
- `repeated_48`: the same among all 48,

and, over the texts, `by_place`: the mean surprise at each of the 32 places. Ways that draw are run
for three seeds. The record is results/sweeps/cpu/transformer/decoding.json.
"""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import sweep
import torch

from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import scoring
from lmcourse.generation.beam import beam_search
from lmcourse.generation.cached import generate
from lmcourse.models import llama, pretrained
from lmcourse.session import Session

CHAPTER = "transformer/decoding"
PROMPTS, PROMPT, NEW, COMPARED = 40, 8, 48, 32
WAYS: dict[str, dict[str, Any]] = {
    "human": {},
    "greedy": {"temperature": 0.0},
    "temperature 1": {},
    "temperature 0.7": {"temperature": 0.7},
    "top-p 0.9": {"top_p": 0.9},
    "top-k 40": {"top_k": 40},
    "min-p 0.1": {"min_p": 0.1},
    "greedy, penalty 1.2": {"temperature": 0.0, "penalty": 1.2},
    "temperature 1.3": {"temperature": 1.3},
    "beam 4": {},
}
DRAWN = [way for way in WAYS if way[:3] in ("tem", "top", "min")]


def trials() -> Iterator[sweep.Trial]:
    """Every way once, and those that draw with two more seeds."""
    for way in WAYS:
        yield {"way": way, "seed": 0}
    for seed in (1, 2):
        for way in DRAWN:
            yield {"way": way, "seed": seed}


def repeated(ids: list[int], n: int = 4) -> float:
    """The share of the n-grams of `ids` that stood in it before."""
    grams = [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]
    return 1 - len({*grams}) / len(grams)


class Writer:
    """The model, the prompts, and the sentences that they open."""

    def __init__(self) -> None:
        self.tokenizer, reference = pretrained.causal_lm()
        config = llama.reference_config(reference.config)
        self.model = llama.from_reference(reference.state_dict(), config)
        self.forbidden = cast(list[int], self.tokenizer.convert_tokens_to_ids(list(MARKS)))
        reviews = load_reviews("text")
        texts = [*reviews["train"]["text"], *reviews["validation"]["text"]]
        rows = [row for row in self.tokenizer(texts)["input_ids"] if len(row) >= PROMPT + COMPARED]
        chosen = np.random.default_rng(0).choice(len(rows), PROMPTS, replace=False)
        self.rows = torch.tensor([rows[i][: PROMPT + COMPARED] for i in chosen])  # [40, 40]

    def measure(self, run: Session, trial: sweep.Trial) -> dict[str, Any]:
        """One way of decoding over all prompts."""
        written = self.write(trial["way"], run.generator())  # [40, at least 40]
        compared = written[:, : PROMPT + COMPARED].tolist()
        nats = np.array(scoring.log_probs(self.model, compared, batch_size=20))  # [40, 39]
        bits = -nats[:, PROMPT - 1 :] / np.log(2)  # [40, 32]
        new = written[:, PROMPT:].tolist()
        return {
            "bits": bits.mean(1).round(4).tolist(),
            "repeated": [round(repeated(ids[:COMPARED]), 4) for ids in new],
            "repeated_48": [round(repeated(ids), 4) for ids in new],
            "by_place": bits.mean(0).round(3).tolist(),
            "texts": [self.tokenizer.decode(ids) for ids in written[:4].tolist()],
        }

    def write(self, way: str, generator: torch.Generator) -> torch.Tensor:
        """The texts [40, T], prompts included."""
        prompts = self.rows[:, :PROMPT]  # [40, 8]
        if way == "human":
            return self.rows
        if way == "beam 4":
            best = [
                beam_search(self.model, prompt[None], NEW, 4, forbidden=self.forbidden)[0][0]
                for prompt in prompts
            ]
            return torch.stack(best)
        options = WAYS[way] | {"forbidden": self.forbidden, "generator": generator}
        return generate(self.model, prompts, NEW, **options)


MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")

if __name__ == "__main__":
    sweep.run(
        CHAPTER,
        "python benchmarks/sweep_decoding.py",
        trials(),
        Writer().measure,
        precision="fp32",
        prompt=PROMPT,
        new=NEW,
        compared=COMPARED,
    )
