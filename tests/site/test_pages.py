"""Every page in Chromium: light and dark, on a desk and on a phone."""

from __future__ import annotations

import pytest

from tests.site import browser
from tests.site.browser import Visit, Visitor

pytestmark = pytest.mark.site

PLAIN_BUDGET = 1_200_000  # bytes of a page without formulas, uncompressed
MATH_BUDGET = 2_400_000  # and of one with formulas


@pytest.fixture(params=[*browser.toc(), "search"])
def page(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[f"{s}-{w}" for s in browser.SCHEMES for w in browser.WIDTHS])
def visit(visitor: Visitor, page: str, request: pytest.FixtureRequest) -> Visit:
    scheme, width = request.param.split("-")
    return visitor.visit(page, scheme, int(width))


def test_nothing_comes_from_another_host(visit: Visit) -> None:
    assert not visit.external


def test_console_is_silent(visit: Visit) -> None:
    assert not visit.errors


def test_accessible(visit: Visit) -> None:
    assert not visit.violations


def test_no_sideways_scrolling(visit: Visit) -> None:
    assert visit.overflow <= 0


def test_images_load(visit: Visit) -> None:
    assert not visit.broken_images


def test_formulas_are_rendered(visit: Visit) -> None:
    assert not visit.wrong_formulas
    assert visit.rendered == visit.formulas


def test_weight(visitor: Visitor, page: str) -> None:
    visit = visitor.visit(page, "light", 1280)
    assert visit.weight <= (MATH_BUDGET if visit.formulas else PLAIN_BUDGET)
