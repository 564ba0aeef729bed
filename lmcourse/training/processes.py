"""A script in several processes of this machine, which torch.distributed lets talk to each other.

transformer/training_at_scale shows how one model is trained by two of them.
"""

import os
import re
import signal
import subprocess
import sys


class ProcessDied(RuntimeError):
    """A process ended before its work was done; the message says which, and how."""


def launch(script: str | os.PathLike[str], n: int, *arguments: str, timeout: float = 300) -> str:
    """Runs the Python file `script` in `n` processes under torchrun; returns what they printed.

    Each process has one thread for its arithmetic and finds its number in `RANK`, as
    `torch.distributed.init_process_group("gloo")` expects it. Nothing leaves this machine. When one
    process dies, the others are ended: nobody waits for it for ever.

    Args:
        arguments: given to the script, `sys.argv[1:]`.
        timeout: seconds after which all processes are ended.

    Raises:
        ValueError: n is less than 1.
        FileNotFoundError: there is no such script.
        ProcessDied: a process was killed or failed; the message has its number, the signal or the
            exit code, and the last line of its traceback.
        TimeoutError: not done in time.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not os.path.isfile(script):
        raise FileNotFoundError(f"no script {os.fspath(script)!r}")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(n), os.fspath(script), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if sys.platform == "linux":
        environment["GLOO_SOCKET_IFNAME"] = "lo"  # also where the host's name has no address
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment
    ) as torchrun:
        try:
            printed, complaints = torchrun.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{n} processes were not done after {timeout:g} s") from None
        finally:  # also when the reader interrupts: torchrun ends its processes, then itself
            if torchrun.poll() is None:
                torchrun.terminate()
    if torchrun.returncode:
        raise ProcessDied(_what_happened(complaints, n))
    return printed


def _what_happened(complaints: str, n: int) -> str:
    """One sentence from torchrun's report, which lists the processes that failed."""
    pairs = re.findall(r"rank\s*: (\d+) .*\n\s*exitcode\s*: (-?\d+)", complaints)
    codes = {int(rank): int(code) for rank, code in pairs}
    ended = {rank: code for rank, code in codes.items() if code != -signal.SIGTERM} or codes
    found = []
    for rank, code in sorted(ended.items(), key=lambda pair: pair[1]):  # the killed ones first
        how = (
            f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        )
        last = re.findall(rf"^\[rank{rank}\]: (\S.*)$", complaints, re.MULTILINE)
        reason = f" ({last[-1]})" if last and code > 0 else ""
        found.append(f"process {rank} of {n} {how}{reason}")
    return "; ".join(found) or f"torchrun failed: {complaints.strip()[-500:]}"
