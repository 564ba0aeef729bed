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
    """What the run depends on beside the code: versions, device, CPU, source of data."""
    packages = ("torch", "transformers")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "lmcourse": version("lmcourse"),
        "device": device(profile),
        "cpu_count": cores(),
        "cpu_bf16": "avx512_bf16" in _cpuinfo("flags").split(),  # if not, chapters compute in fp32
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
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(key: str) -> str:
    """What Linux says of the first core; "" where it says nothing."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf8", errors="replace").splitlines():
            if line.startswith(key):
                return line.partition(":")[2].strip()
    return ""
