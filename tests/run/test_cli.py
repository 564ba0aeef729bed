"""The command line: names that do not exist, help, doctor, new. In this process where possible."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from lmcourse.data import catalogue, download
from lmcourse.runner import cli, doctor


@pytest.fixture
def lmcourse(book, monkeypatch):
    monkeypatch.chdir(book.root)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    return lambda *arguments: CliRunner().invoke(cli.app, arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "part/tinny"], "unknown chapter 'part/tinny': did you mean 'part/tiny'? The"),
        (["run", "nonsense"], "unknown chapter 'nonsense': The choices are part/tiny."),
        (["run", "--profile", "gpuu"], "did you mean 'gpu'? The choices are smoke, cpu, gpu."),
        (["run", "--only", "x*"], "unknown pattern 'x*': The choices are part/tiny."),
        (["run", "-p", "SEDE=1"], "'SEDE': did you mean 'SEED'? The choices are PROFILE, SEED."),
        (["run", "-p", "SEED"], "'SEED' is not of the form NAME=VALUE."),
        (["seeds", "nonsense"], "unknown chapter 'nonsense'"),
        (["seeds", "part/tiny", "--seeds", "1,a"], "seeds '1,a' are not"),
        (["seeds", "part/tiny", "--profile", "big"], "unknown profile 'big'"),
        (["fetch", "encodr"], "unknown asset 'encodr': did you mean 'encoder'? The choices are"),
        (["new", "Part/Name"], "'Part/Name' is not of the form part/name"),
    ],
)
def test_unknown_names_end_in_one_sentence_and_exit_code_2(lmcourse, book, arguments, sentence):
    book.write("part/tiny", "SEED")
    done = lmcourse(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_outside_the_book(lmcourse, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    done = lmcourse("run")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "is not inside a clone of the book" in done.stderr


def test_faults_of_assets_and_disks_are_one_sentence(lmcourse, monkeypatch):
    def refuse(name):
        raise download.AssetError("the proxy refused the connection.")

    monkeypatch.setattr(download, "fetch", refuse)
    done = lmcourse("fetch", "names")
    assert (done.exit_code, done.stderr) == (1, "lmcourse: the proxy refused the connection.\n")

    def full(name):
        raise OSError(28, "No space left on device", "results/cpu.json")

    monkeypatch.setattr(download, "fetch", full)
    done = lmcourse("fetch", "names")
    assert done.exit_code == 1
    assert done.stderr == "lmcourse: No space left on device (results/cpu.json).\n"


def test_fetch_leaves_the_archives_where_asked(lmcourse, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "download", lambda asset, folder: folder / f"{asset.name}.whl")
    done = lmcourse("fetch", "--archives", str(tmp_path))
    assert done.exit_code == 0
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == list(catalogue.ASSETS)
    assert str(tmp_path / "encoder.whl") in done.stdout


def test_without_its_packages_the_command_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; from lmcourse.runner import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "lmcourse: typer is missing: pip install 'lmcourse[run]'.\n"


def test_the_command_starts_without_torch():
    heavy = "{'torch', 'transformers', 'datasets', 'papermill', 'matplotlib'}"
    code = f"import sys, lmcourse.runner.cli; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_doctor_names_what_is_missing_and_the_way_to_get_it(lmcourse, monkeypatch, tmp_path):
    monkeypatch.setenv("LMCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(doctor, "devices", lambda: iter(()))
    done = lmcourse("doctor")
    assert done.exit_code == 1
    assert "✗ asset encoder: missing" in done.stdout
    assert "→ lmcourse fetch encoder" in done.stdout
    assert "✓ torch: " in done.stdout
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert "✓ asset encoder: missing" in lmcourse("doctor").stdout
    monkeypatch.setattr(download, "is_cached", lambda name: True)
    monkeypatch.setattr(doctor, "machine", lambda: iter(()))
    assert lmcourse("doctor").exit_code == 0


def test_doctor_compares_versions_with_the_floors(monkeypatch):
    monkeypatch.setattr(
        doctor.metadata,
        "requires",
        lambda _: [
            "numpy>=99",
            "no-such-package>=1",
            "typer; extra == 'run'",
            "pytest; extra == 'x'",
        ],
    )
    findings = {finding.what: finding for finding in doctor.versions()}
    assert set(findings) == {"Python", "numpy", "no-such-package", "typer"}
    assert findings["Python"].fine
    assert not findings["numpy"].fine
    assert findings["numpy"].remedy == 'pip install "numpy>=99"'
    assert findings["no-such-package"].state.startswith("missing")


@pytest.mark.parametrize(
    ("cores", "gigabytes", "profile", "jobs"),
    [(2, 24, "cpu", 1), (16, 128, "cpu", 8), (16, 12, "cpu", 4), (1, 1, "smoke", 1),
     (16, 128, "gpu", 1)],
)  # fmt: skip
def test_jobs_by_cores_memory_and_gpu(monkeypatch, cores, gigabytes, profile, jobs):
    monkeypatch.setattr("lmcourse.runner.cli.cores", lambda: cores)
    memory = SimpleNamespace(available=gigabytes * 2**30)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    assert cli._default_jobs(profile) == jobs
