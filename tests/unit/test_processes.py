"""Real processes under torchrun: what they print, and what is said when one dies."""

import subprocess
import time

import pytest

from lmcourse.training.processes import ProcessDied, launch

MEET = """
import os, sys, time
import torch, torch.distributed as dist
dist.init_process_group("gloo")
rank, fault = dist.get_rank(), sys.argv[1]
if rank == 1 and fault == "killed":
    os.kill(os.getpid(), 9)
if rank == 1 and fault == "fails":
    raise ValueError("no more sentences")
if rank == 1 and fault == "sleeps":
    print("pid", os.getpid(), file=open(sys.argv[2], "w"))
    time.sleep(600)
number = torch.tensor(10.0**rank)
dist.all_reduce(number)
sys.stdout.write(f"{rank}: {number:.0f}\\n")  # at once: print writes the line's end apart
dist.destroy_process_group()
"""


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "meet.py"
    file.write_text(MEET, encoding="utf8")
    return file


def test_two_processes_add_up(script):
    assert sorted(launch(script, 2, "no fault").split("\n")) == ["", "0: 11", "1: 11"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("killed", "process 1 of 2 was killed by SIGKILL"),
        ("fails", r"process 1 of 2 ended with code 1 \(ValueError: no more sentences\)"),
    ],
)
def test_who_dies_is_named_and_nobody_waits(script, fault, said):
    with pytest.raises(ProcessDied, match=said):
        launch(script, 2, fault, timeout=200)


def test_who_hangs_is_ended(script, tmp_path):
    note = tmp_path / "pid"
    with pytest.raises(TimeoutError, match="2 processes were not done after 20 s"):
        launch(script, 2, "sleeps", str(note), timeout=20)
    if not note.exists():
        pytest.skip("the machine was too busy to start the processes")
    pid = note.read_text(encoding="utf8").split()[1]
    for _ in range(100):
        if subprocess.run(["ps", "-p", pid], capture_output=True).returncode:
            return
        time.sleep(0.1)
    pytest.fail("the sleeping process is still there")


def test_what_cannot_start(script, tmp_path):
    with pytest.raises(ValueError, match="at least 1, got 0"):
        launch(script, 0)
    with pytest.raises(FileNotFoundError, match="no script"):
        launch(tmp_path / "none.py", 2)


def test_a_script_that_is_not_python(tmp_path):
    file = tmp_path / "wrong.py"
    file.write_text("this is not Python", encoding="utf8")
    with pytest.raises(ProcessDied, match="of 1 ended with code 1"):
        launch(file, 1)
