"""How high a learning rate each loss of `bert/beyond_two_classes` wants: a search on validation.

    python benchmarks/sweep_beyond_two_classes.py

What trains is the chapter itself: its cells are executed up to the one that reads the record, and
its functions are called for every pair of a loss and a rate, on each of its three parts of the
training sentences. What is kept is the loss itself on the validation split. Test sentences are not
looked at.
"""

from pathlib import Path
from typing import Any

import jupytext
import matplotlib
import sweep
import torch
import typer

from lmcourse.session import Session

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHAPTER = "bert/beyond_two_classes"
RATES = (6e-4, 1.2e-3, 2.4e-3, 4.8e-3)


def defined_before(line: str, chapter: Path) -> dict[str, Any]:
    """What a chapter has defined when it comes to the cell with this line; its pip is not called.

    ValueError when no cell has it.
    """
    defined: dict[str, Any] = {}
    for cell in jupytext.read(chapter).cells:
        if cell.cell_type != "code" or "install" in cell.metadata.get("tags", []):
            continue
        if line in cell.source:
            return defined
        exec(compile(cell.source, str(chapter), "exec"), defined)
    raise ValueError(f"{chapter.name} has no cell with {line!r}")


def main() -> None:
    """Trains every loss with every rate on each part; the chapter shows the mean losses."""
    matplotlib.use("agg")
    chapter = defined_before("sweep(", NOTEBOOKS / f"{CHAPTER}.py")
    held_out = chapter["lower"](chapter["encode"](chapter["texts"]["validation"]))
    labels = torch.tensor(chapter["labels"]["validation"])
    ratings = torch.tensor(chapter["scores"]["validation"]).float()

    def measure(_run: Session, trial: sweep.Trial) -> dict[str, float]:
        part = chapter["parts"][trial["seed"]]
        model = chapter["train"](trial["kind"], part, trial["seed"], trial["rate"])
        answers = torch.tensor(chapter["predict"](model, held_out))
        loss, _bias = chapter["LOSSES"][trial["kind"]]
        return {"loss": loss(answers, labels, ratings).item()}

    trials = [
        {"kind": kind, "rate": rate, "seed": seed}
        for seed in range(len(chapter["parts"]))
        for kind in chapter["LOSSES"]
        for rate in RATES
    ]
    command = "python benchmarks/sweep_beyond_two_classes.py"
    sweep.run(CHAPTER, command, trials, measure, sentences=chapter["PART"])


if __name__ == "__main__":
    typer.run(main)
