"""Where the norm stands, how deep, how fast, from which weights; and what else is in a block.

    python benchmarks/sweep_block.py [--seeds S]

Every run trains a small Transformer (width 32, two heads) on the characters of the reviews, from
scratch, in fp32. A seed draws the weights and the order of the sentences; runs of one seed share
them as far as their shapes agree. Validation is every fourth sentence of that split. Test sentences
are read by the third table alone, which keeps their bits beside those of validation. The tables:

- place: pre-norm, post-norm or none, at three depths and three rates (four at depth 12), with
  warm-up and without, from the weights of `nn.Linear`;
- start: the same at depth 12 from weights √3 times as large, which keep the size of their input,
  and post-norm four times as long;
- parts: layer norm or RMS norm with GELU, and layer norm with SwiGLU of as many parameters.
"""

import math
from dataclasses import replace
from typing import Annotated, Any

import sweep
import torch
import typer
from torch import Tensor, nn

from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.models.attention import MultiHeadAttention
from lmcourse.models.block import RMSNorm, SwiGLU
from lmcourse.session import Session
from lmcourse.text.batches import batches
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.loop import fit

CHAPTER = "transformer/block"
WIDTH, HEADS, POSITIONS, BATCH = 32, 2, 288, 8
PLACES = ("pre", "post", "none")
DEPTHS = (2, 6, 12)
RATES = (2e-3, 8e-3, 3.2e-2)
BETWEEN = 4e-3  # at the largest depth
SLOW = (2e-3, BETWEEN, 8e-3)  # for the larger weights
WARMUPS = (0.0, 0.3)
PARTS = ("layer norm, GELU", "RMS norm, GELU", "layer norm, SwiGLU")
PART_RATES = (8e-3, 1.6e-2)
STEPS, LONG, PART_STEPS = 120, 480, 300


class Block(nn.Module):
    """One block with its norms at one of `PLACES` and one of the `PARTS`."""

    def __init__(self, place: str, parts: str) -> None:
        super().__init__()
        self.place = place
        self.attention = MultiHeadAttention(WIDTH, HEADS, causal=True)
        self.feed_forward: nn.Module
        if parts.endswith("SwiGLU"):
            self.feed_forward = SwiGLU(WIDTH, (8 * WIDTH + 5) // 3)
        else:
            layers = nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
            self.feed_forward = nn.Sequential(*layers)
        norm: Any = RMSNorm if parts.startswith("RMS") else nn.LayerNorm
        norms = [nn.Identity() if place == "none" else norm(WIDTH) for _ in range(2)]
        self.norm_1, self.norm_2 = norms

    def forward(self, x: Tensor) -> Tensor:
        if self.place == "post":
            x = self.norm_1(x + self.attention(x))
            return self.norm_2(x + self.feed_forward(x))
        x = x + self.attention(self.norm_1(x))
        return x + self.feed_forward(self.norm_2(x))


class Network(nn.Module):
    """Embeddings, blocks, a last norm (post-norm has it in its last block) and a linear head."""

    def __init__(self, vocab_size: int, trial: sweep.Trial) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        for table in (self.tokens, self.positions):
            nn.init.normal_(table.weight, std=math.sqrt(1 / 2))
        blocks = [Block(trial["place"], trial["parts"]) for _ in range(trial["depth"])]
        self.blocks = nn.ModuleList(blocks)
        norm: Any = RMSNorm if trial["parts"].startswith("RMS") else nn.LayerNorm
        self.norm = nn.Identity() if trial["place"] == "post" else norm(WIDTH)
        self.head = nn.Linear(WIDTH, vocab_size)
        with torch.no_grad():
            for layer in self.blocks.modules():
                if isinstance(layer, nn.Linear):
                    layer.weight.mul_(trial["gain"])

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def parts(seeds: int) -> list[sweep.Trial]:
    """The runs of the last table."""
    usual = {"table": "parts", "place": "pre", "warmup": 0.1, "depth": 4, "gain": 1.0}
    return [
        usual | {"seed": seed, "parts": parts, "rate": rate, "steps": PART_STEPS}
        for seed in range(seeds)
        for parts in PARTS
        for rate in PART_RATES
    ]


def trials(seeds: int) -> list[sweep.Trial]:
    """All runs, those of one seed together, those of depth 6 last."""
    usual = {"gain": 1.0, "parts": PARTS[0], "steps": STEPS}
    large = usual | {"gain": math.sqrt(3), "depth": 12}
    found: list[sweep.Trial] = []
    for seed in range(seeds):
        for place in PLACES:
            for warmup in WARMUPS:
                same = {"seed": seed, "place": place, "warmup": warmup}
                found += [
                    usual | same | {"table": "place", "depth": depth, "rate": rate}
                    for depth in DEPTHS
                    for rate in RATES
                ]
                found.append(usual | same | {"table": "place", "depth": 12, "rate": BETWEEN})
                found += [large | same | {"table": "start", "rate": rate} for rate in SLOW]
        longer = {"steps": LONG, "place": "post", "warmup": 0.3, "rate": 2e-3}
        found.append(large | longer | {"table": "start", "seed": seed})
    found += parts(seeds + 2)
    return sorted(found, key=lambda trial: trial["depth"] == 6)


def main(seeds: Annotated[int, typer.Option(min=1, help="runs of each setting")] = 3) -> None:
    """Trains every network once a seed; those of the last table with two seeds more."""
    tokenizer = CharTokenizer()
    rows = {
        split: [tokenizer.encode(text) for text in part["text"]]
        for split, part in load_reviews("text").items()
    }
    rows["validation"] = rows["validation"][::4]

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        model = Network(tokenizer.vocab_size, trial)
        try:
            history = fit(
                model,
                next_symbol_loss,
                batches(rows["train"], BATCH, run.seed),
                steps=trial["steps"],
                learning_rate=trial["rate"],
                warmup=trial["warmup"],
                session=replace(run, precision="fp32"),
            )
        except FloatingPointError:  # a loss that is no number any more
            return {"bits": None, "parameters": sum(p.numel() for p in model.parameters())}
        splits = ("validation", "test") if trial["table"] == "parts" else ("validation",)
        bits = {
            split: bits_per_char(nll(model, rows[split]), n_predicted(rows[split]))
            for split in splits
        }
        found = {"bits": bits["validation"], "seconds": round(history.seconds, 1)}
        if "test" in bits:
            found["test"] = bits["test"]
        return found | {"parameters": sum(p.numel() for p in model.parameters())}

    torch.set_num_threads(1)
    command = f"python benchmarks/sweep_block.py --seeds {seeds}"
    about: dict[str, Any] = {"precision": "fp32", "width": WIDTH, "heads": HEADS, "batch": BATCH}
    runs = sweep.run(CHAPTER, command, trials(seeds), measure, **about)
    print(len(runs), "runs,", sum(run["bits"] is None for run in runs), "of them broke off")


if __name__ == "__main__":
    typer.run(main)
