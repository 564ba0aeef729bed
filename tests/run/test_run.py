"""`lmcourse run` with real kernels: what is stored, what is left alone, what is said."""

import json
import os
import signal
import subprocess
import time

import nbformat
import psutil
import pytest

from lmcourse.runner import seeds

RECORD = 'from lmcourse.records import record\nrecord("tiny.value", 1.5 + SEED, "accuracy", (1, 9))'
NOISE = """\
import sys, warnings
from IPython.display import display
print("one")
print("noise", file=sys.stderr)
print("two\\rthree", object)
warnings.warn("noise")
print("\\x1b[31mred\\x1b[0m", object())
display({"text/plain": "Widget()", "application/vnd.jupyter.widget-view+json": {}}, raw=True)
{"a": 1}"""

START = "import os, time\nopen('started', 'w').write(str(os.getpid()))"


def test_outputs_are_stored_clean_and_byte_stable(book):
    book.write("part/tiny", NOISE, RECORD)
    first = book.lmcourse("run")
    assert first.returncode == 0, first.stderr
    before = book.stored("part/tiny").read_bytes()

    notebook = nbformat.reads(before.decode(), as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    stream, result = notebook.cells[1].outputs
    assert stream.text == "one\nthree <class 'object'>\nred <object object at 0x…>\n"
    assert result.data == {"text/plain": "{'a': 1}"}
    assert all(set(cell.metadata) <= {"tags", "lines_to_next_cell"} for cell in notebook.cells)
    assert set(notebook.metadata) == {"jupytext", "kernelspec", "language_info"}
    shown = json.dumps([cell.get("outputs", []) for cell in notebook.cells] + [notebook.metadata])
    for noise in ("jupytext_version", 'papermill"', "start_time", "noise", "Widget"):
        assert noise not in shown
    for complaint in ("stderr", "address", "colours", "widget"):
        assert complaint in first.stdout

    chapter = json.loads((book.root / "results/cpu/part/tiny.json").read_text("utf8"))
    record = chapter["records"]["tiny.value"]
    assert (record["value"], record["unit"], record["interval"]) == (1.5, "accuracy", [1, 9])
    assert "name" not in record
    assert 0 < chapter["seconds"] < 60
    assert 20 < chapter["peak_mb"] < 2000
    assert {"python", "torch", "transformers", "device", "cpu_count"} < set(chapter["environment"])

    stamp = book.stored("part/tiny").stat().st_mtime_ns
    again = book.lmcourse("run")
    assert again.returncode == 0
    assert "unchanged" in again.stdout
    assert book.stored("part/tiny").stat().st_mtime_ns == stamp

    assert book.lmcourse("run", "--force").returncode == 0
    assert book.stored("part/tiny").stat().st_mtime_ns != stamp
    assert book.stored("part/tiny").read_bytes() == before
    assert book.lmcourse("run", "--dry-run").stdout == ""


def test_a_failing_chapter_keeps_its_stored_notebook_and_stops_nobody(book):
    bad = book.write("part/bad", "x = [1]", "y = 2\nx[3]")
    book.write("part/broken", "x = (")
    book.write("part/endless", "import time\ntime.sleep(60)")
    book.write("part/good", "SEED")
    book.stored("part/bad").write_text("as it was")
    done = book.lmcourse("run", "-j", "3", "--timeout", "2")
    assert done.returncode == 1
    assert book.stored("part/bad").read_text() == "as it was"
    line = bad.read_text("utf8").splitlines().index("y = 2") + 1
    place = f"part/bad failed in code cell 3 (notebooks/part/bad.py, line {line}): y = 2"
    assert place in done.stdout
    assert "IndexError: list index out of range" in done.stdout
    assert "broken.py, line 20 is not valid Python" in done.stdout
    assert "part/endless failed in code cell 2" in done.stdout
    assert "timed out" in done.stdout
    assert done.stderr == ""
    assert book.stored("part/good").is_file()
    assert not book.stored("part/endless").exists()
    assert [path.name for path in book.root.glob("results/**/*.json")] == ["good.json"]
    assert sorted(path.name for path in (book.root / "notebooks" / "part").iterdir()) == [
        *("bad.ipynb", "bad.py", "broken.py"),
        *("endless.py", "good.ipynb", "good.py"),
    ]
    listed = book.lmcourse("run", "--dry-run")
    assert [line.partition(":")[0] for line in listed.stdout.splitlines()] == [
        "part/bad",
        "part/broken",
        "part/endless",
    ]
    assert listed.returncode == 0


def test_a_dry_run_says_which_and_why_and_runs_nothing(book):
    book.write("part/tiny", "1")
    book.write("part/other", "2")
    assert book.lmcourse("run").returncode == 0
    book.write("part/tiny", "3")
    before = book.stored("part/tiny").read_bytes()
    listed = book.lmcourse("run", "--dry-run")
    assert (listed.returncode, listed.stdout) == (0, "part/tiny: code cells changed\n")
    assert "part/other: --force" in book.lmcourse("run", "--dry-run", "--force").stdout
    assert book.stored("part/tiny").read_bytes() == before
    (book.root / "results/cpu/part/other.json").write_text("{")
    listed = book.lmcourse("run", "--dry-run")
    assert listed.returncode == 1
    assert "part/other: results/cpu/part/other.json is not a file of results" in listed.stdout


def test_a_name_recorded_twice_fails_the_chapter_and_stores_nothing(book):
    book.write("part/tiny", RECORD, RECORD)
    done = book.lmcourse("run")
    assert done.returncode == 1
    assert "the name 'tiny.value' is recorded twice" in done.stdout
    assert not book.stored("part/tiny").exists()
    assert not (book.root / "results").exists()


def test_a_source_edited_during_the_run_is_stale_after_it(book):
    path = book.write("part/tiny", "x = 1")
    edit = f"open({str(path)!r}, 'a').write('x = 2\\n')"
    book.write("part/tiny", "x = 1", edit)
    assert book.lmcourse("run").returncode == 0
    assert path.read_text("utf8").endswith("x = 2\n")
    assert book.lmcourse("run", "--dry-run").stdout == "part/tiny: code cells changed\n"


def test_prose_is_carried_into_the_stored_notebook_without_a_kernel(book):
    path = book.write("part/tiny", "import os\nos.getpid()")
    assert book.lmcourse("run").returncode == 0
    pid = nbformat.read(book.stored("part/tiny"), as_version=4).cells[-1].outputs
    path.write_text(path.read_text("utf8") + "\n# %% [markdown]\n# Words.\n", "utf8")
    assert book.lmcourse("run", "--dry-run").stdout == ""
    assert "carried" in book.lmcourse("run").stdout
    notebook = nbformat.read(book.stored("part/tiny"), as_version=4)
    assert notebook.cells[-1].source == "Words."
    assert notebook.cells[-2].outputs == pid


def test_other_profiles_and_parameters_leave_the_stored_notebooks_alone(book):
    book.write("part/tiny", "PROFILE, SEED", RECORD)
    assert book.lmcourse("run", "--profile", "smoke").returncode == 0
    smoke = nbformat.read(book.root / "_build/runs/smoke/part/tiny.ipynb", as_version=4)
    assert smoke.cells[2].outputs[0].data["text/plain"] == "('smoke', 0)"
    assert smoke.cells[1].metadata.tags == ["injected-parameters"]
    assert "unchanged" in book.lmcourse("run", "--profile", "smoke").stdout
    assert book.lmcourse("run", "-p", "SEED=3").returncode == 0
    custom = nbformat.read(book.root / "_build/runs/custom/part/tiny.ipynb", as_version=4)
    assert custom.cells[2].outputs[0].data["text/plain"] == "('cpu', 3)"
    assert book.lmcourse("run", LMCOURSE_SOURCE="hub").returncode == 0
    assert not book.stored("part/tiny").exists()
    assert not (book.root / "results").exists()


def test_seeds_run_the_chapter_and_give_its_spread(book):
    book.write("part/tiny", RECORD)
    done = book.lmcourse("seeds", "part/tiny", "--seeds", "0,1,2", "-j", "3")
    assert done.returncode == 0, done.stderr
    stored = json.loads((book.root / "results/seeds/cpu/part/tiny.json").read_text("utf8"))
    assert stored["command"] == "lmcourse seeds part/tiny --seeds 0,1,2 --profile cpu"
    spread = stored["records"]["tiny.value"]
    half = 4.302652729911275 / 3**0.5  # Student's t with two degrees of freedom, deviation 1
    assert spread["mean"] == 2.5
    assert spread["interval"] == pytest.approx([2.5 - half, 2.5 + half])
    assert [stored["seeds"][s]["records"]["tiny.value"]["value"] for s in "012"] == [1.5, 2.5, 3.5]
    assert not book.stored("part/tiny").exists()


def test_what_no_seed_changes_has_no_spread():
    runs = [{"same": {"value": 0.7413249211356467, "unit": "accuracy"}}] * 3
    spread = seeds.summary(runs)["same"]
    assert spread["interval"] == [spread["mean"]] * 2 == [0.7413249211356467] * 2


@pytest.fixture
def _interruptible():
    """A shell lets its background jobs ignore SIGINT, and children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_killed_while_running(book, how):
    book.write("part/slow", START, "time.sleep(60)")
    book.stored("part/slow").write_text("as it was")
    running = subprocess.Popen(**book.command("run"))
    started = book.root / "notebooks" / "part" / "started"
    _wait(lambda: started.exists() and started.read_text())
    kernel = psutil.Process(int(started.read_text()))
    worker = kernel.parent()
    running.send_signal(getattr(signal, how))
    _, errors = running.communicate(timeout=20)
    _wait(lambda: not _alive(kernel) and not _alive(worker))
    assert running.returncode != 0
    assert "Traceback" not in errors
    assert book.stored("part/slow").read_text() == "as it was"
    assert not (book.root / "results").exists()
    _wait(lambda: not list((book.root / "_build" / "scratch").iterdir()))


def test_figures_are_stored_whatever_backend_the_shell_asks_for(book):
    book.write("part/figure", "import matplotlib.pyplot as plt", "plt.plot([1, 2])\nplt.show()")
    done = book.lmcourse("run", MPLBACKEND="Agg")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "image/png" in book.stored("part/figure").read_text()


def test_a_kernel_that_dies_is_reported(book):
    book.write("part/dies", "import os", "os._exit(9)")
    done = book.lmcourse("run")
    assert done.returncode == 1
    assert "part/dies failed in code cell 3" in done.stdout
    assert "Kernel died" in done.stdout


def _alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
