"""`lmcourse doctor`: is everything here that the book needs, and if not, how to get it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lmcourse import session
from lmcourse.data import download
from lmcourse.data.catalogue import ASSETS
from lmcourse.data.source import source
from lmcourse.runner.machine import cores, device

MEMORY_GB, DISK_GB = 4, 3  # what the largest chapter and the assets take, with some room


class Finding(NamedTuple):
    """One thing looked at; `remedy` says what to do when it is not `fine`."""

    fine: bool
    what: str
    state: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Look at versions, device, cache and machine; every finding is independent of the others."""
    yield from versions()
    yield from devices()
    yield from cache()
    yield from machine()


def versions() -> Iterator[Finding]:
    """Python and the required packages against their floors."""
    found = metadata.metadata("lmcourse")
    floor = SpecifierSet(found["Requires-Python"])
    python = platform.python_version()
    yield Finding(python in floor, "Python", f"{python} (needs {floor})", "install a newer Python")
    for text in metadata.requires("lmcourse") or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", "run")):
            continue
        needs = f"(needs {requirement.specifier})" if requirement.specifier else ""
        remedy = f'pip install "{requirement.name}{requirement.specifier}"'
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding(False, requirement.name, f"missing {needs}", remedy)
            continue
        fine = requirement.specifier.contains(version, prereleases=True)
        yield Finding(fine, requirement.name, f"{version} {needs}", remedy)


def devices() -> Iterator[Finding]:
    """What the profiles compute on, and in which precision."""
    try:
        cpu = session.start("cpu")
    except (ImportError, OSError) as error:  # Windows reports a missing library as OSError
        yield Finding(False, "device", f"torch does not load: {error}", "install torch again")
        return
    name = f"{device('cpu')}, {cores()} cores, {cpu.precision}"
    yield Finding(True, "profiles smoke and cpu", name)
    try:
        gpu = session.start("gpu")
        state = f"{device('gpu')}, {gpu.precision}"
    except RuntimeError:
        state = "no GPU here (only this profile needs one)"
    yield Finding(True, "profile gpu", state)


def cache() -> Iterator[Finding]:
    """The folder of data and weights, and what is in it."""
    folder = download.cache_folder()
    existing = _existing(folder)
    writable = existing.is_dir() and os.access(existing, os.W_OK)
    remedy = "set LMCOURSE_CACHE to a folder that can be written"
    yield Finding(writable, "cache", f"{folder}{'' if writable else ' cannot be written'}", remedy)
    for name, asset in ASSETS.items():
        here = download.is_cached(asset)
        state = "in the cache" if here else f"missing ({asset.requirement}: {asset.description})"
        needed = source() != "hub"  # then a chapter fetches it if at all
        yield Finding(here or not needed, f"asset {name}", state, f"lmcourse fetch {name}")


def machine() -> Iterator[Finding]:
    """Memory, and room on the disk of the cache as long as assets are missing."""
    memory = psutil.virtual_memory().total / 2**30
    state = f"{memory:.0f} GB (the largest chapter needs {MEMORY_GB})"
    remedy = "run chapters one at a time with -j 1, or use --profile smoke"
    yield Finding(memory > MEMORY_GB - 0.5, "memory", state, remedy)
    free = shutil.disk_usage(_existing(download.cache_folder())).free / 2**30
    enough = free > DISK_GB or all(download.is_cached(asset) for asset in ASSETS.values())
    yield Finding(enough, "disk", f"{free:.0f} GB free", f"free {DISK_GB} GB, or move the cache")


def _existing(folder: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    return next((path for path in (folder, *folder.parents) if path.exists()), Path.cwd())
