"""The second ladder, each system with what it costs: the record of `bert/choosing_a_model`.

    OMP_NUM_THREADS=1 python benchmarks/sweep_choosing_a_model.py [--seeds S]

First the small BERT's learning rate and epochs are chosen, by its accuracy on validation. Then each
system of benchmarks/systems.py learns from all training sentences once a seed, in a process of
its own, and goes into a folder; a second process reads the folder and answers
(benchmarks/system_process.py). On record, for a system and a seed:

- right: its answers to the test and to the validation sentences, one bit each;
- trained: numbers trained; stored: bytes of its folder; shared: bytes of published weights that it
  needs besides;
- learning: processor seconds to learn, and the peak of the process's memory in MB;
- one: milliseconds from a text to its answer, the tokenizer's time included, one text at a time
  (p50 and p95 of 200);
- batch: texts a second in batches of 32 (the median, and the rate that 95 % of batches reach);
- memory: peak of the answering process in MB, before it answers the whole test set.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sweep
import typer
from systems import SYSTEMS, UNSEEDED, SmallBERT

from lmcourse.data.reviews import load_reviews
from lmcourse.session import Session

CHAPTER = "bert/choosing_a_model"
PROCESS = Path(__file__).with_name("system_process.py")
RATES, EPOCHS = (1e-3, 2e-3), (2, 4)  # of the small BERT, tried with two seeds


def main(
    seeds: Annotated[int, typer.Option(min=1, help="runs of each system")] = 3,
) -> None:
    """Measures each system with each seed, and prints a line of each."""
    data = {
        name: (list(split["text"]), list(map(int, split["label"])))
        for name, split in load_reviews("binary").items()
    }

    def measure(run: Session, trial: sweep.Trial) -> dict[str, Any]:
        if trial["stage"] == "choice":
            return choice(trial, data)
        found: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as place:
            texts, folder = Path(place, "data.json"), Path(place, "system")
            texts.write_text(json.dumps(data), encoding="utf8")
            folder.mkdir()
            for half in ("learn", "answer"):
                command = [sys.executable, PROCESS, half, trial["system"], str(trial["seed"])]
                command += [folder, texts]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                found |= json.loads(done.stdout.splitlines()[-1])
        return found

    trials: list[sweep.Trial] = [
        {"stage": "choice", "rate": rate, "epochs": epochs, "seed": seed}
        for rate in RATES
        for epochs in EPOCHS
        for seed in range(2)
    ]
    trials += [
        {"stage": "final", "system": name, "seed": seed}
        for seed in range(seeds)
        for name in SYSTEMS
        if seed == 0 or name not in UNSEEDED
    ]
    command = f"python benchmarks/sweep_choosing_a_model.py --seeds {seeds}"
    tested = len(data["test"][0])
    for trial in sweep.run(CHAPTER, command, trials, measure, tested=tested):
        if trial["stage"] == "choice":
            continue
        bits = np.frombuffer(bytes.fromhex(trial["right"]["test"]), dtype=np.uint8)
        right = np.unpackbits(bits)[:tested].mean()
        print(f"{trial['system']:16} {trial['seed']} {right:.3f} {trial['one'][0]:8} ms")


def choice(trial: sweep.Trial, data: dict[str, tuple[list[str], list[int]]]) -> dict[str, Any]:
    """The small BERT's accuracy on validation with the settings of a trial."""
    model = SmallBERT(trial["seed"])
    (texts, labels), (asked, truth) = data["train"], data["validation"]
    model.tune(texts, np.array(labels), trial["rate"], trial["epochs"])
    return {"accuracy": float((model.answers(asked) == np.array(truth)).mean())}


if __name__ == "__main__":
    typer.run(main)
