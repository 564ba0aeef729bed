"""The process that executes one notebook: `python -m lmcourse.runner.worker`.

Standard input brings the task as one line of JSON and then stays open for as long as the process
that wants the result lives; when it closes, the kernel is killed and this process leaves.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

from lmcourse.runner.kernels import persistent


def main() -> int:
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_leave_with_parent, args=(task,), daemon=True).start()
    failure = _execute(task)
    if failure:
        Path(task["failure"]).write_text(json.dumps(failure), encoding="utf8")
    return 1 if failure else 0


def _execute(task: dict[str, Any]) -> dict[str, Any] | None:
    """Execute the notebook; what went wrong as {source, error, traceback}, or None."""
    import nbformat
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    try:
        persistent(execute_notebook)(
            nbformat.read(task["input"], as_version=4),
            task["output"],
            task["parameters"],
            cwd=task["folder"],
            kernel_name="python3",
            progress_bar=False,
            start_timeout=180,
            execution_timeout=task["timeout"],
            record_timing=False,
        )
    except PapermillExecutionError as error:
        described = f"{error.ename}: {error.evalue}".removesuffix(": ")
        return {"source": error.source, "error": described, "traceback": error.traceback}
    except Exception as error:  # a timeout, a kernel that died, or a fault of the machinery
        described = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return {"source": _last_started(task["output"]), "error": described, "traceback": []}
    return None


def _last_started(path: str) -> str | None:
    """Source of the last cell that papermill started."""
    with contextlib.suppress(OSError, ValueError):
        cells = json.loads(Path(path).read_text(encoding="utf8"))["cells"]
        for cell in reversed(cells):
            if cell["metadata"].get("papermill", {}).get("start_time"):
                return "".join(cell["source"])
    return None


def _leave_with_parent(task: dict[str, Any]) -> None:
    while sys.stdin.read(1):
        pass
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    shutil.rmtree(Path(task["input"]).parent, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
