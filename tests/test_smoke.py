"""Every chapter runs from a cold kernel in the smoke profile."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.smoke
def test_every_chapter_runs_in_the_smoke_profile():
    started = time.monotonic()
    command = [sys.executable, "-m", "lmcourse.cli", "run", "--profile", "smoke", "--force"]
    done = subprocess.run([*command, "--jobs", "2"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - started < 180
