"""What a benchmark leaves behind: its results, and the circumstances they hold for."""

import json
import platform
import time
from pathlib import Path
from typing import Any

import torch
import transformers

from lmcourse.session import Session


def device(run: Session) -> str:
    """What the run computes on, as people call it."""
    return "CPU" if run.device.type == "cpu" else torch.cuda.get_device_name()


def write(file: Path, command: str, run: Session, **results: Any) -> None:
    """Writes `results` to the JSON `file`, with command, date, device, threads and versions."""
    record = {
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "device": device(run),
        "threads": torch.get_num_threads(),
        "precision": run.precision,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        **results,
    }
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf8")
