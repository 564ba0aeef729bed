"""Every page in Chromium: light or dark, on a desk or on a phone, thoroughly one of each kind."""

from __future__ import annotations

import pytest

from tests.site import browser, modes
from tests.site.browser import Visit, Visitor
from tests.site.drawings import PHONE, PROSE

pytestmark = pytest.mark.site

PLAIN_BUDGET = 1_200_000  # bytes of a page without formulas, uncompressed
MATH_BUDGET = 2_400_000  # and of one with formulas


PAGES = [*browser.toc(), "search"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for every page in its modes, and the accessibility test for every version too."""
    thorough = modes.thorough_pages(PAGES, metafunc.config.getoption("all_modes"))
    visits = [(page, mode) for page in PAGES for mode in modes.modes(page, PAGES, thorough)]
    if "version" in metafunc.fixturenames:
        cases = [(*v, n) for v in visits for n in modes.versions(v[0], thorough)]
        names = [f"{page}-{mode.scheme}-{mode.width}-axe-{n}" for page, mode, n in cases]
        judged = [((page, mode, (*modes.versions(page, thorough),)), n) for page, mode, n in cases]
        metafunc.parametrize(("visit", "version"), judged, ids=names, indirect=["visit"])
    elif "visit" in metafunc.fixturenames:
        names = [f"{page}-{mode.scheme}-{mode.width}" for page, mode in visits]
        keys = [(page, mode, (*modes.versions(page, thorough),)) for page, mode in visits]
        metafunc.parametrize("visit", keys, ids=names, indirect=True)


@pytest.fixture
def visit(visitor: Visitor, request: pytest.FixtureRequest) -> Visit:
    page, mode, versions = request.param
    return visitor.visit(page, *mode, versions)


def test_nothing_comes_from_another_host(visit: Visit) -> None:
    assert not visit.external


def test_console_is_silent(visit: Visit) -> None:
    assert not visit.errors


def test_accessible(visit: Visit, version: str) -> None:
    if version in visit.unavailable:
        browser.missing(visit.unavailable[version])
    assert visit.violations[version] == []


def test_no_sideways_scrolling(visit: Visit) -> None:
    assert visit.overflow <= 0


def test_images_load(visit: Visit) -> None:
    assert not visit.broken_images


def test_type_in_drawings_is_readable_and_no_larger_than_prose(visit: Visit) -> None:
    assert all(PHONE <= s <= PROSE for s in visit.type_sizes), sorted({*visit.type_sizes})


def test_formulas_are_rendered(visit: Visit) -> None:
    assert not visit.wrong_formulas
    assert visit.rendered == visit.formulas


def test_weight(visit: Visit) -> None:
    assert visit.weight <= (MATH_BUDGET if visit.formulas else PLAIN_BUDGET)
