"""Few visits, and still every mode: which pages are looked at thoroughly."""

from __future__ import annotations

from tests.site import axe, modes
from tests.site.modes import MODES

PAGES = [f"notebooks/part/chapter_{n:02}" for n in range(50)]


def test_thorough_pages_are_seen_in_all_modes_by_both_versions() -> None:
    assert modes.modes(PAGES[7], PAGES, [PAGES[7]]) == MODES
    assert modes.versions(PAGES[7], [PAGES[7]]) == [axe.CARRIED, axe.NEWER]


def test_the_others_take_turns_through_all_modes() -> None:
    seen = [modes.modes(page, PAGES, []) for page in PAGES]
    assert all(len(one) == 1 for one in seen)
    counts = [sum(one == [mode] for one in seen) for mode in MODES]
    assert max(counts) - min(counts) <= 1
    assert modes.versions(PAGES[7], []) == [axe.NEWER]


def test_the_turn_does_not_depend_on_the_order_of_the_contents() -> None:
    turned = PAGES[25:] + PAGES[:25]
    assert all(modes.modes(p, PAGES, []) == modes.modes(p, turned, []) for p in PAGES)


def test_changed_sources_are_changed_pages() -> None:
    files = frozenset({f"{PAGES[3]}.ipynb", f"{PAGES[4]}.py", "book/index.md", "README.md"})
    assert modes.changed([*PAGES, "book/index"], files) == [PAGES[3], PAGES[4], "book/index"]


def test_a_change_of_everything_is_not_looked_at_everywhere() -> None:
    assert modes.changed(PAGES, frozenset(f"{page}.ipynb" for page in PAGES)) == []


def test_everything_on_demand() -> None:
    assert modes.thorough_pages(PAGES, everything=True) == PAGES
    assert set(modes.kinds()) <= set(modes.thorough_pages(PAGES, everything=False))
