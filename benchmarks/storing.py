"""What a benchmark leaves behind: its results, and the circumstances they hold for."""

from datetime import date
from pathlib import Path
from typing import Any

import torch

from lmcourse.runner import results
from lmcourse.runner.machine import environment
from lmcourse.session import Session


def write(file: Path, command: str, run: Session, **measured: Any) -> None:
    """Writes what was `measured` to the JSON `file`, with the command, the machine and versions."""
    here = environment(run.profile)
    record = {
        "command": command,
        "date": date.today().isoformat(),
        "device": here["device"],
        "threads": torch.get_num_threads(),
        "precision": run.precision,
        "versions": {name: here[name] for name in ("python", "torch", "transformers")},
    }
    results.write(file, record | measured)
