"""The machine that a run happens on, as far as its numbers depend on it."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lmcourse.data.source import source


def environment(profile: str) -> dict[str, Any]:
    """What the numbers depend on beside the code: versions, device, CPU cores, source of data."""
    packages = ("torch", "transformers")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "lmcourse": version("lmcourse"),
        "device": device(profile),
        "cpu_count": cores(),
        "source": source(),
    }


def device(profile: str) -> str:
    """Name of the device that the profile computes on."""
    if profile == "gpu" and os.environ.get("LMCOURSE_DEVICE") != "cpu":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
        if torch.backends.mps.is_available():
            return f"Apple GPU ({platform.processor() or platform.machine()})"
    return _processor()


def cores() -> int:
    """CPU cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
