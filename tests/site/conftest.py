"""The site, built once a session, and a browser to visit it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser

from tests.site import browser

sys.path.insert(0, str(browser.ROOT / "book" / "_ext"))


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The built site's folder; parallel workers share one build."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "site"
    with FileLock(f"{folder}.lock"):
        built = folder / "_build" / "html"
        return built if (built / "index.html").is_file() else browser.build(folder)


@pytest.fixture(scope="session")
def address(html: Path) -> Iterator[str]:
    """The site's address on this machine."""
    with browser.serve(html) as base:
        yield base


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of the session."""
    with browser.launched() as running:
        yield running


@pytest.fixture(scope="session")
def visitor(chromium: Browser, address: str) -> browser.Visitor:
    """A visitor of the site that remembers what it saw."""
    return browser.Visitor(chromium, address)
