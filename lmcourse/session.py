"""How much to compute, and on what: the profile, the seed, the device and the precision."""

from __future__ import annotations

import contextlib
import os
import random
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lmcourse.errors import unknown

if TYPE_CHECKING:
    import torch

PROFILES = ("smoke", "cpu", "gpu")
T = TypeVar("T")

_current: Session | None = None


@dataclass(frozen=True)
class Session:
    """What `start` decided; `precision` is "bf16" or "fp32"."""

    profile: str
    seed: int
    device: torch.device
    precision: str

    def size(self, *, smoke: T, cpu: T, gpu: T) -> T:
        """The value for the running profile."""
        return {"smoke": smoke, "cpu": cpu, "gpu": gpu}[self.profile]

    def generator(self, offset: int = 0) -> torch.Generator:
        """A fresh CPU generator seeded with `seed + offset`."""
        import torch

        return torch.Generator().manual_seed(self.seed + offset)

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """Context in which matrix products run in the session's precision."""
        import torch

        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


def start(profile: str = "cpu", seed: int = 0) -> Session:
    """Begin a chapter: seed Python, NumPy and torch, choose device and precision, set the style.

    The `gpu` profile uses the first CUDA device, or Apple's; without one it stops, unless
    `LMCOURSE_DEVICE=cpu` asks for the large sizes on the CPU. The other profiles compute on the
    CPU, so that their numbers do not depend on the machine more than they must.

    Raises:
        ValueError: unknown profile, or a seed that is not a whole number from 0 to 2**31 - 1.
        RuntimeError: the `gpu` profile on a machine without a GPU.
    """
    global _current
    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise ValueError(f"seed must be a whole number from 0 to 2**31 - 1, not {seed!r}")

    import numpy as np
    import torch

    from lmcourse import plot

    # One kernel a length of text is kept; a thousand of them, the default, take a gigabyte.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm without widgets
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    device = _device(profile)
    torch.backends.cudnn.benchmark = False
    plot.use_style()
    _current = Session(profile, seed, device, "bf16" if _fast_bf16(device) else "fp32")
    return _current


def current() -> Session:
    """The session that was started last; starts a default one when there is none."""
    return _current or start()


def _device(profile: str) -> torch.device:
    import torch

    if profile != "gpu" or os.environ.get("LMCOURSE_DEVICE") == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    raise RuntimeError(
        "profile 'gpu' found no GPU: use the profile 'cpu', or set LMCOURSE_DEVICE=cpu to run the "
        "large sizes on the CPU"
    )


def _fast_bf16(device: torch.device) -> bool:
    """Whether bfloat16 products are done in hardware; emulated ones are slower than fp32."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "mps":
        return False
    return getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
