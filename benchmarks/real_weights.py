"""From weights on disk to the first token: our Llama against transformers, in turns.

    python benchmarks/real_weights.py [--repeats R] [--json FILE]

SmolLM2 is written once to a folder, as `save_pretrained` does: config.json and model.safetensors in
fp32. Then each way reads that folder in fresh processes, which take turns, and says what comes
after the same seven ids:

- ours: safetensors' `load_file`, `lmcourse.models.llama.from_reference`, one forward pass;
- reference: `LlamaForCausalLM.from_pretrained`, one forward pass.

`loading` is from the call that opens the file to the token, imports done; `process` from the start
of the process to the token, imports included. Neither loads a tokenizer. The files have been read
before, so that no disk is timed. A ratio is the median of the ratios within the repeats; below one,
ours is faster. The last record is benchmarks/real_weights.json.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import storing
import typer
from rich.console import Console
from rich.table import Table

from lmcourse import session

WAYS = ("ours", "reference")
IDS = [504, 4771, 436, 588, 19290, 338, 339]  # The film was so boring that I

OURS = """
import json, sys, time, types
from pathlib import Path
import torch
from safetensors.torch import load_file
from lmcourse.models.llama import from_reference, reference_config
start = time.perf_counter()
folder = Path(sys.argv[1])
config = types.SimpleNamespace(**json.loads((folder / "config.json").read_text()))
model = from_reference(load_file(folder / "model.safetensors"), reference_config(config))
with torch.no_grad():
    logits = model(torch.tensor([json.loads(sys.argv[2])]))[0, -1]
"""
REFERENCE = """
import json, sys, time
import torch
from transformers import LlamaForCausalLM
start = time.perf_counter()
model = LlamaForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
with torch.no_grad():
    logits = model(torch.tensor([json.loads(sys.argv[2])])).logits[0, -1]
"""
SAYING = """
token = int(logits.argmax())
print(json.dumps({"loading": time.perf_counter() - start, "token": token,
                  "logit": float(logits[token])}))
"""
PROGRAMS = {"ours": OURS + SAYING, "reference": REFERENCE + SAYING}


def write_weights(folder: Path) -> None:
    """SmolLM2 in fp32, as its reference's `save_pretrained` leaves it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from lmcourse.models import pretrained

    _, packaged = pretrained.causal_lm()
    sizes = packaged.config.to_dict()
    sizes.pop("quantization_config", None)  # a model read from 4 bits does not let itself be saved
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**sizes))
    model.load_state_dict(packaged.state_dict(), assign=True)
    model.tie_weights()
    model.save_pretrained(folder)


def first_token(way: str, folder: Path) -> dict[str, Any]:
    """Seconds and the token, from a process of its own."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", PROGRAMS[way], str(folder), json.dumps(IDS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(said.splitlines()[-1])
    return found | {"process": time.perf_counter() - begun}


def main(
    repeats: Annotated[int, typer.Option(min=1, help="processes of each way")] = 7,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Times both ways in turns; prints medians and ratios; refuses when the tokens differ."""
    run = session.start("cpu")
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        write_weights(Path(folder))
        for way in WAYS:  # once untimed: the file is in memory then, for both
            first_token(way, Path(folder))
        for _ in range(repeats):
            for way in WAYS:
                runs[way].append(first_token(way, Path(folder)))
                print(way, runs[way][-1], file=sys.stderr, flush=True)
    ours, theirs = (runs[way][0] for way in WAYS)
    if ours["token"] != theirs["token"] or abs(ours["logit"] - theirs["logit"]) > 1e-3:
        raise SystemExit(f"the two ways disagree: {ours} and {theirs}")

    table = Table("seconds to the first token", *WAYS, "ours over reference")
    medians, ratios = {}, {}
    for span in ("loading", "process"):
        times = {way: [one[span] for one in runs[way]] for way in WAYS}
        medians[span] = {way: statistics.median(times[way]) for way in WAYS}
        ratios[span] = statistics.median(
            a / b for a, b in zip(times["ours"], times["reference"], strict=True)
        )
        shown = [f"{medians[span][way]:.2f}" for way in WAYS]
        table.add_row(span, *shown, f"{ratios[span]:.2f}")
    Console().print(table)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/real_weights.py --repeats {repeats}",
            run,
            runs=runs,
            median_seconds=medians,
            ours_over_reference=ratios,
        )


if __name__ == "__main__":
    typer.run(main)
