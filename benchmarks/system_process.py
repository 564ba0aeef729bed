"""One system in a process of its own; benchmarks/sweep_choosing_a_model.py starts it twice.

    python benchmarks/system_process.py HALF SYSTEM SEED FOLDER DATA

HALF is `learn`, which stores the system in FOLDER, or `answer`, which reads it from there. DATA is
a JSON file with the texts and labels of each split. What is measured is printed. Nothing is
imported that the system does not need.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from systems import SYSTEMS, System, shared_bytes

ASKED, WARM, BATCH = 200, 20, 32
Split = tuple[list[str], np.ndarray]


def learn(name: str, seed: int, folder: Path, data: dict[str, Split]) -> dict[str, Any]:
    """Trains a system and stores it."""
    system = SYSTEMS[name](seed)
    began = time.process_time()
    trained = system.learn(*data["train"])
    seconds = time.process_time() - began
    system.save(folder)
    return {"trained": trained, "learning": {"seconds": round(seconds, 2), "MB": peak()}}


def answer(name: str, seed: int, folder: Path, data: dict[str, Split]) -> dict[str, Any]:
    """What a stored system answers, and how fast."""
    system = SYSTEMS[name](seed)
    system.load(folder)
    texts, _ = data["test"]
    some = np.random.default_rng(0).permutation(len(texts))
    alone = [timed(system, [texts[i]]) for i in some[: WARM + ASKED]][WARM:]
    batches = [some[i : i + BATCH] for i in range(0, len(some) - BATCH + 1, BATCH)]
    rates = [BATCH / timed(system, [texts[i] for i in batch]) for batch in batches][1:]
    memory = peak()
    right = {
        split: np.packbits(system.answers(data[split][0]) == data[split][1]).tobytes().hex()
        for split in ("test", "validation")
    }
    return {
        "right": right,
        "one": quantiles(1000 * np.array(alone), 0.5, 0.95),
        "batch": quantiles(np.array(rates), 0.5, 0.05),
        "memory": memory,
        "stored": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        "shared": shared_bytes(name),
    }


def timed(system: System, texts: list[str]) -> float:
    """Seconds of the clock to answer."""
    began = time.perf_counter()
    system.answers(texts)
    return time.perf_counter() - began


def quantiles(values: np.ndarray, *levels: float) -> list[float]:
    """Rounded to four digits."""
    return [float(f"{np.quantile(values, level):.4g}") for level in levels]


def peak() -> int:
    """The most memory that this program has held, in MB (Linux alone says it).

    `resource.getrusage` would count what the process held before it became this program.
    """
    (line,) = re.findall(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return round(int(line) * 1024 / 1e6)


def main(half: str, name: str, seed: str, folder: str, data: str) -> None:
    """The command line."""
    splits = json.loads(Path(data).read_text(encoding="utf8"))
    given = {split: (texts, np.array(labels)) for split, (texts, labels) in splits.items()}
    halves = {"learn": learn, "answer": answer}
    print(json.dumps(halves[half](name, int(seed), Path(folder), given)))


if __name__ == "__main__":
    main(*sys.argv[1:])
