"""The rules of axe-core: of the version that a Python package carries and of a newer one (npm)."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from filelock import FileLock
from playwright.sync_api import Page

RULE_SETS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
CARRIED, NEWER = "4.12", "4.14"
RELEASE = "4.14.1"
INTEGRITY = (  # of the package, as the registry publishes it
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
FOLDER = Path(__file__).resolve().parents[2] / "_build" / "axe"


class Unavailable(Exception):
    """The newer axe-core cannot be had on this machine; the message says why."""


def unpack(package: bytes) -> str:
    """The script inside the npm package, which must be the very one that is pinned here.

    Raises:
        ValueError: the package is another one.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(package).digest()).decode()
    if found != INTEGRITY:
        raise ValueError(f"axe-core {RELEASE} has the hash {found}, expected {INTEGRITY}")
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode("utf-8")


def _fetch(package: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("no npm on this machine: the newer axe-core comes from there")
    command = [npm, "pack", f"axe-core@{RELEASE}", "--silent", "--pack-destination", str(FOLDER)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired as error:
        raise Unavailable("npm pack axe-core does not answer") from error
    if done.returncode or not package.is_file():
        raise Unavailable(f"npm pack axe-core@{RELEASE} fails: {done.stderr[-300:]}")


@cache
def newer() -> str:
    """The script of the newer version, fetched once into the build folder.

    Raises:
        Unavailable: there is no npm, or it cannot reach its registry.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    package = FOLDER / f"axe-core-{RELEASE}.tgz"
    with FileLock(f"{package}.lock"):
        if not package.is_file():
            _fetch(package)
        return unpack(package.read_bytes())


SCRIPTS: dict[str, Callable[[], str]] = {CARRIED: lambda: AXE_SCRIPT, NEWER: newer}


# Words of code that look like one before them become plain text: axe-core would compute the
# contrast of thousands, for many times what all other rules take. (Excluding is slower still.)
TWINS = """() => {
  const background = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
  };
  const seen = new Set(), twins = [];
  for (const code of document.querySelectorAll("pre")) {
    const behind = background(code);
    for (const word of code.querySelectorAll("span")) {
      const { color, backgroundColor, fontWeight, fontSize } = getComputedStyle(word);
      const look = [behind, color, backgroundColor, fontWeight, fontSize].join();
      if (seen.has(look) && !word.childElementCount) twins.push(word);
      seen.add(look);
    }
  }
  for (const word of twins) word.replaceWith(word.textContent);
}"""


def violations(tab: Page, version: str, inside: str = "html") -> list[str]:
    """What the rules of one version find in a part of the page, a line for each that is broken."""
    options = {
        "runOnly": {"type": "tag", "values": RULE_SETS},
        "resultTypes": ["violations"],
    }
    script = SCRIPTS[version]()
    tab.evaluate(TWINS)
    tab.evaluate(script)
    found = tab.evaluate("([inside, options]) => axe.run(inside, options)", [inside, options])
    return [
        f"{rule['id']}: " + "; ".join(node["html"][:160] for node in rule["nodes"][:3])
        for rule in found["violations"]
    ]


def version(tab: Page) -> str:
    """The version of the script that is loaded on the page."""
    return tab.evaluate("axe.version")
