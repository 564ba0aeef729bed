"""Processes that execute notebooks: their share of the cores, and their memory at its highest."""

import pytest

from lmcourse.runner import execute
from lmcourse.runner.find import Chapter
from lmcourse.runner.notebook import to_notebook


def tasks(book, *cells):
    for name in ("part/one", "part/two"):
        book.write(name, *cells)
        chapter = Chapter(book.root, name)
        yield execute.Task(chapter, to_notebook(chapter))


@pytest.mark.parametrize(("jobs", "threads"), [(1, "8"), (2, "4"), (3, "2"), (16, "1")])
def test_the_cores_are_divided_among_the_jobs(book, monkeypatch, jobs, threads):
    class Stand:
        """In the place of a process: keeps the environment that a real one would get."""

        folder = book.root

        def __init__(self, task, timeout, threads):
            seen.append(environment(self, threads)["OMP_NUM_THREADS"])

        def is_done(self):
            return True

        def finish(self):
            return None

    seen, environment = [], execute._Process._environment
    monkeypatch.setattr(execute, "cores", lambda: 8)
    monkeypatch.setattr(execute, "_Process", Stand)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    list(execute.execute(tasks(book, "1"), jobs=jobs))
    assert seen == [threads, threads]


def test_the_peak_is_the_largest_memory_not_the_last(book):
    hold = "x = bytearray(400 * 2**20)\nimport time\ntime.sleep(1.5)"
    book.write("part/one", hold, "del x", "time.sleep(1.5)")
    chapter = Chapter(book.root, "part/one")
    (done,) = execute.execute([execute.Task(chapter, to_notebook(chapter))])
    assert done.failure is None
    assert 400 < done.peak_mb < 900


def test_processor_time_is_work_without_waiting(book):
    work = "import time\nwhile time.process_time() < 4: pass"
    book.write("part/works", work, "time.sleep(0.5)")
    book.write("part/waits", "import time", "time.sleep(4)")
    waits, works = (Chapter(book.root, f"part/{name}") for name in ("waits", "works"))
    tasks = [execute.Task(chapter, to_notebook(chapter)) for chapter in (waits, works)]
    idle, done = execute.execute(tasks)
    assert done.busy >= 4
    assert idle.busy < 4 < idle.seconds
