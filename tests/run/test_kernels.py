"""A kernel that loses the race for its ports is started again, and nothing else is tried twice."""

import socket
import subprocess

import nbformat
import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager

from lmcourse.runner import kernels, worker
from lmcourse.runner.kernels import persistent


class Starts:
    """Fails with the given errors, one a call, and then starts."""

    def __init__(self, *errors):
        self.errors, self.calls = list(errors), 0

    def __call__(self, name, *, timeout):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return name, timeout


DEAD = RuntimeError("Kernel died before replying to kernel_info")


def test_a_kernel_that_died_at_once_is_started_again():
    start = Starts(DEAD, DEAD)
    assert persistent(start, attempts=3)("python3", timeout=60) == ("python3", 60)
    assert start.calls == 3


def test_not_for_ever():
    start = Starts(*[DEAD] * 9)
    with pytest.raises(RuntimeError, match="died"):
        persistent(start, attempts=3)("python3", timeout=60)
    assert start.calls == 3


@pytest.mark.parametrize("error", [RuntimeError("Kernel didn't respond"), ValueError("died")])
def test_other_failures_are_not_repeated(error):
    start = Starts(error)
    with pytest.raises(type(error), match=str(error)):
        persistent(start)("python3", timeout=60)
    assert start.calls == 1


def test_a_port_in_use_is_such_a_death():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        manager = KernelManager(shell_port=other.getsockname()[1], cache_ports=False)
        manager.start_kernel(stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels()
        try:
            with pytest.raises(RuntimeError, match=kernels.DIED):
                client.wait_for_ready(timeout=60)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()


def test_the_runner_starts_kernels_so(monkeypatch, tmp_path):
    (tmp_path / "input").write_text(nbformat.writes(nbformat.v4.new_notebook()))
    errors = [DEAD]

    def execute(notebook, *args, **options):
        if errors:
            raise errors.pop()

    monkeypatch.setattr("papermill.execute_notebook", execute)
    paths = {name: str(tmp_path / name) for name in ("input", "output")}
    task = {**paths, "folder": str(tmp_path), "parameters": {}, "timeout": 60}
    assert worker._execute(task) is None
    assert not errors


def test_nbval_starts_kernels_so():
    assert hasattr(nbval.kernel.start_new_kernel, "__wrapped__")
