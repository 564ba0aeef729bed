"""What a benchmark leaves behind: its results, and the circumstances they hold for."""

import json
import platform
import time
from pathlib import Path
from typing import Any

import torch
import transformers

from lmcourse import results
from lmcourse.session import Session


def write(file: Path, command: str, run: Session, **measured: Any) -> None:
    """Writes what was `measured` to the JSON `file`, with the command, the machine and versions."""
    record = {
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "device": results.device(run.profile),
        "threads": torch.get_num_threads(),
        "precision": run.precision,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        **measured,
    }
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf8")
