"""Writing with SmolLM2: with a cache against without one, and against transformers, in turns.

    python benchmarks/decoding.py [--repeats R] [--json FILE]

`a token at length 512`: the seconds until the logits of what follows 512 ids, with a cache that has
511 of them, and without one. `writing`: tokens a second of greedy decoding, 7 ids and 64 new ones,
for 1 and for 8 rows, by `lmcourse.generation.cached.generate` and by `generate` of transformers
with the same weights and its own cache, the prompt's reading included; both must write the same
tokens. Ways take turns; a ratio is the median of the ratios within the repeats. The last record is
benchmarks/decoding.json.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import storing
import torch
import typer
from rich.console import Console
from rich.table import Table

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.generation.cached import generate
from lmcourse.models import llama, pretrained

LENGTH, PROMPT, NEW, ROWS = 512, 7, 64, (1, 8)


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came back."""
    begun = time.perf_counter()
    found = function()
    return time.perf_counter() - begun, found


@torch.no_grad()
def main(
    repeats: Annotated[int, typer.Option(min=1, help="turns of each way")] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Times all ways in turns; prints medians and ratios; refuses when the tokens differ."""
    run = session.start("cpu")
    tokenizer, reference = pretrained.causal_lm()
    config = llama.reference_config(reference.config)
    model = llama.from_reference(reference.state_dict(), config)
    text = " ".join(load_reviews("text")["validation"]["text"][:100])
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    assert ids.shape[1] >= max(LENGTH, max(ROWS) * PROMPT)
    whole = ids[:, :LENGTH]  # [1, 512]
    cache = llama.Cache(LENGTH)
    model.hidden(whole[:, :-1], cache)

    def step_cached() -> torch.Tensor:
        cache.cut(LENGTH - 1)
        return model.logits(model.hidden(whole[:, -1:], cache)[:, -1])

    def step_uncached() -> torch.Tensor:
        return model.logits(model.hidden(whole)[:, -1])

    def ours(prompts: torch.Tensor) -> torch.Tensor:
        return generate(model, prompts, NEW, temperature=0)

    def theirs(prompts: torch.Tensor) -> torch.Tensor:
        return reference.generate(  # type: ignore[operator]
            prompts,
            attention_mask=torch.ones_like(prompts),
            max_new_tokens=NEW,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )

    tasks: dict[str, dict[str, Callable[[], torch.Tensor]]] = {
        "a token at length 512": {"cached": step_cached, "uncached": step_uncached}
    }
    for rows in ROWS:
        prompts = ids[0, : rows * PROMPT].view(rows, PROMPT)
        tasks[f"writing, rows: {rows}"] = {
            "ours": lambda p=prompts: ours(p),  # type: ignore[misc]
            "transformers": lambda p=prompts: theirs(p),  # type: ignore[misc]
        }
    seconds: dict[str, dict[str, list[float]]] = {}
    for task, ways in tasks.items():
        answers = [function() for function in ways.values()]  # once untimed
        if task.startswith("a token"):
            torch.testing.assert_close(*answers, atol=1e-3, rtol=0.0)
        elif not torch.equal(*answers):
            raise SystemExit(f"{task}: the ways write different tokens")
        seconds[task] = {way: [] for way in ways}
        for _ in range(repeats):
            for way, function in ways.items():
                seconds[task][way].append(timed(function)[0])
        print(task, seconds[task], file=sys.stderr, flush=True)

    table = Table("task", "way", "median seconds", "against the other")
    ratios = {}
    for task, times in seconds.items():
        (fast, a), (slow, b) = times.items()
        ratios[task] = statistics.median(y / x for x, y in zip(a, b, strict=True))
        table.add_row(
            task, fast, f"{statistics.median(a):.3f}", f"{ratios[task]:.2f} times as fast"
        )
        table.add_row(task, slow, f"{statistics.median(b):.3f}", "")
    Console().print(table)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/decoding.py --repeats {repeats}",
            run,
            runs=seconds,
            times_as_fast=ratios,
        )


if __name__ == "__main__":
    typer.run(main)
