"""Building the site, serving it, and visiting its pages in Chromium once for many tests."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, sync_playwright

from tests.site import axe, drawings

ROOT = Path(__file__).resolve().parents[2]
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)
HEIGHT = 900
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what leaves the site gets nowhere
]
MATH = "div.math, span.math"


def toc() -> list[str]:
    """Every page of _toc.yml, the home page first."""
    tree = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [tree["root"], *(c["file"] for part in tree["parts"] for c in part["chapters"])]


def chapters() -> list[str]:
    """The pages that are notebooks."""
    return [page for page in toc() if page.startswith("notebooks/")]


def build(folder: Path) -> Path:
    """Build the book into `folder` with warnings as errors; the folder of its HTML."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT)]
    options = ["--all", "-W", "-n", "--keep-going", "-q", "--path-output", str(folder)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"the site does not build without warnings:\n{done.stdout}{done.stderr}")
    return folder / "_build" / "html"


@functools.cache
def soup(path: Path) -> BeautifulSoup:
    """One built page, parsed once for all tests: none of them changes it."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve `folder` on a free port of this machine; the address with a slash at its end."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def missing(reason: str) -> NoReturn:
    """Skip a test that cannot run on this machine; in CI it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def chromium() -> str:
    """Path of Chromium."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    return found or missing(
        "no Chromium on this machine: the site's browser tests need one (apt: chromium)"
    )


@dataclass
class Visit:
    """What one page did in the browser, in one colour scheme at one width."""

    external: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)  # by version of axe-core
    unavailable: dict[str, str] = field(default_factory=dict)  # versions not to be had, and why
    overflow: int = 0
    broken_images: list[str] = field(default_factory=list)
    formulas: int = 0
    rendered: int = 0
    wrong_formulas: list[str] = field(default_factory=list)
    weight: int = 0
    type_sizes: list[float] = field(default_factory=list)  # in drawings, at both widths


class Visitor:
    """One browser, one context for each scheme and width, each page visited once in each."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser, self.base = browser, base
        self.contexts: dict[tuple[str, int], BrowserContext] = {}
        self.visits: dict[tuple[str, str, int], Visit] = {}

    def context(self, scheme: str, width: int) -> BrowserContext:
        """The context of one scheme and width."""
        if (scheme, width) not in self.contexts:
            self.contexts[scheme, width] = self.browser.new_context(
                color_scheme="dark" if scheme == "dark" else "light",
                viewport={"width": width, "height": HEIGHT},
            )
        return self.contexts[scheme, width]

    def open(self, page: str, scheme: str = "light", width: int = 1280) -> Page:
        """A new tab with `page`, settled; the caller closes it."""
        tab = self.context(scheme, width).new_page()
        tab.goto(f"{self.base}{page}.html")
        settle(tab)
        return tab

    def visit(self, page: str, scheme: str, width: int, versions: Sequence[str] = ()) -> Visit:
        """What `page` does, judged by these versions of axe-core; from memory the next time."""
        key = (page, scheme, width)
        if key not in self.visits:
            self.visits[key] = self._visit(*key, versions)
        return self.visits[key]

    def _visit(self, page: str, scheme: str, width: int, versions: Sequence[str]) -> Visit:
        visit, requests = Visit(), list[Request]()
        tab = self.context(scheme, width).new_page()
        tab.on("request", lambda request: requests.append(request))
        tab.on("console", lambda m: visit.errors.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: visit.errors.append(str(error)))
        tab.goto(f"{self.base}{page}.html")
        tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        # A link that is scrolled half under the head of the side bar is not a small one.
        tab.evaluate("document.querySelector('.bd-sidebar-primary')?.scrollTo(0, 0)")
        settle(tab)
        for request in requests:
            if request.url.startswith(self.base):
                visit.weight += _size(request)
            elif not request.url.startswith(("data:", "blob:")):
                visit.external.append(request.url)
        visit.overflow = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        visit.broken_images = tab.evaluate(
            "[...document.images].filter(i => i.offsetParent && !i.naturalWidth).map(i => i.src)"
        )
        visit.formulas = tab.locator(MATH).count()
        visit.rendered = tab.locator("mjx-container").count()
        visit.wrong_formulas = tab.locator("mjx-merror").all_inner_texts()
        for version in versions:
            try:
                visit.violations[version] = axe.violations(tab, version)
            except axe.Unavailable as error:
                visit.unavailable[version] = str(error)
        for each in WIDTHS:
            tab.set_viewport_size({"width": each, "height": HEIGHT})
            visit.type_sizes += drawings.type_sizes(tab)
        tab.close()
        return visit


def settle(tab: Page) -> None:
    """Wait until the page, its images, formulas and fonts are there (scrolling.js says so)."""
    tab.wait_for_function("document.documentElement.dataset.page === 'ready'")


def _size(request: Request) -> int:
    response = request.response()
    try:
        return len(response.body()) if response else 0
    except Error:  # a response without a body, such as a redirect
        return 0


@contextmanager
def launched() -> Iterator[Browser]:
    """A running Chromium; Playwright allows one at a time in a process."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield running
        finally:
            running.close()
