"""From the records of runs to the ladders' pictures, tables and words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from lmbook import ladder, ladder_picture, ladder_table, measured, wording
from lmbook.ladder_scale import SCALES, close_axis, full_axis, near
from lmbook.measured import OverSeeds, ResultsError, Rung

from tests.site import browser

CHAPTER = "bert/finetune"


def record(value: float, interval: list[float] | None, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": "accuracy", "interval": interval, "note": "", **more}


def write(folder: Path, place: str, data: dict[str, Any], chapter: str = CHAPTER) -> Path:
    path = folder / place / f"{chapter}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"chapter": chapter, **data}), encoding="utf-8")
    return path


def run(records: dict[str, Any], **environment: Any) -> dict[str, Any]:
    machine = {"device": "Processor X", "cpu_count": 2, **environment}
    return {
        "seconds": 75.4,
        "peak_mb": 1234.5,
        "date": "2026-11-22",
        "environment": machine,
        "records": records,
    }


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two classifiers from one chapter, one of them measured over three seeds too."""
    rung = {"ladder": "classification", "parameters": 9025, "seconds": 2.5}
    found = {
        "majority": record(0.52, [0.5, 0.54], **rung, label="majority <class>"),
        "bert": record(0.82, [0.80, 0.84], **rung, label="BERT"),
        "other": record(0.99, None, ladder=None, label=None),
    }
    seeds = {
        "seeds": {"0": {}, "1": {}, "2": {}},
        "records": {
            "bert": {"mean": 0.825, "interval": [0.81, 0.84]},
            "majority": {"mean": 0.52, "interval": [0.52, 0.52]},
        },
    }
    write(tmp_path, "cpu", run(found))
    write(tmp_path, "seeds/cpu", seeds)
    return tmp_path


def rung(label: str, value: float, interval: Any = None, over_seeds: Any = None) -> Rung:
    return Rung(label, label, value, interval, over_seeds, 1, 1.0, "", "a/b", "cpu", "2 CPU cores")


def marks(picture: str, label: str) -> dict[str, dict[str, float]]:
    """The marks of one row by class, their styles in numbers."""
    rows = BeautifulSoup(picture, "html.parser").select(".rung")
    row = next(row for row in rows if row.select_one(".label").get_text() == label)
    return {
        mark["class"][0]: {
            key: float(value.rstrip("%"))
            for key, value in (part.split(":") for part in mark["style"].split(";"))
        }
        for mark in row.select("i")
    }


def test_rungs_keep_the_run_and_its_spread_over_seeds(results: Path) -> None:
    best, worst = measured.rungs(results, "classification")
    assert (best.name, best.value, best.interval) == ("bert", 0.82, (0.80, 0.84))
    assert best.over_seeds == OverSeeds(0.825, (0.81, 0.84), 3)
    assert (worst.name, worst.interval, worst.over_seeds) == ("majority", (0.5, 0.54), None)
    assert best.device == "2 CPU cores (Processor X)"
    assert worst.label == "Majority <class>"


def test_classifiers_of_another_test_set_stay_out(results: Path) -> None:
    hub = run({"imdb": record(0.9, None, ladder="classification", label="IMDB")}, source="hub")
    write(results, "gpu", hub)
    assert {rung.profile for rung in measured.rungs(results, "classification")} == {"cpu"}


def test_fewer_bits_are_higher_on_the_ladder(tmp_path: Path) -> None:
    values = {"uniform": 6.6, "bigram": 3.5, "unigram": 4.4}
    write(tmp_path, "cpu", run({n: record(v, None, ladder="language") for n, v in values.items()}))
    found = measured.rungs(tmp_path, "language")
    assert [rung.name for rung in found] == ["bigram", "unigram", "uniform"]


def test_timings_are_those_of_the_profile(results: Path) -> None:
    timing = measured.timings(results)[CHAPTER]
    assert (timing.seconds, timing.peak_mb, timing.date) == (75.4, 1234.5, "2026-11-22")
    assert measured.timings(results, "gpu") == {}


def test_without_results_there_are_no_rungs(tmp_path: Path) -> None:
    measured.check(tmp_path)
    assert measured.rungs(tmp_path, "language") == []
    assert measured.timings(tmp_path) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"chapter": "bert/other"}', "{}"])
@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("cpu", "lmcourse run bert/finetune --profile cpu"),
        ("seeds/gpu", "lmcourse seeds bert/finetune --profile gpu"),
    ],
)
def test_a_broken_file_is_named_with_the_remedy(
    tmp_path: Path, text: str, place: str, remedy: str
) -> None:
    write(tmp_path, place, {}).write_text(text, encoding="utf-8")
    with pytest.raises(ResultsError) as caught:
        measured.check(tmp_path)
    assert f"results/{place}/bert/finetune.json" in str(caught.value)
    assert remedy in str(caught.value)


def test_bars_begin_at_zero() -> None:
    bits = [rung("Good", 2.0, (1.9, 2.1)), rung("Bad", 6.5)]
    axis = full_axis(bits, SCALES["language"])
    assert (axis.low, axis.high, axis.ticks) == (0.0, 7.0, (0, 1, 2, 3, 4, 5, 6, 7))
    shares = full_axis([rung("Good", 0.9), rung("Bad", 0.3)], SCALES["classification"])
    assert (shares.low, shares.high) == (0.0, 1.0)
    picture = ladder_picture.overview(bits, SCALES["language"])
    assert marks(picture, "Bad")["bar"]["width"] == pytest.approx(100 * 6.5 / 7, abs=0.01)


def test_both_intervals_are_drawn_each_in_its_own_way() -> None:
    both = rung("GPT", 2.0, (1.9, 2.1), OverSeeds(3.5, (3.0, 4.0), 3))
    picture = ladder_picture.overview([both, rung("Bigram", 6.5, (6.4, 6.6))], SCALES["language"])
    drawn = marks(picture, "GPT")
    assert drawn["sentences"] == {"left": pytest.approx(27.14), "width": pytest.approx(2.86)}
    assert drawn["seeds"] == {"left": pytest.approx(42.86), "width": pytest.approx(14.29)}
    assert drawn["mean"] == {"left": 50.0}
    assert not {"seeds", "mean"} & set(marks(picture, "Bigram"))
    keys = BeautifulSoup(picture, "html.parser").select(".legend .key")
    assert [key.get_text() for key in keys] == [ladder_picture.SENTENCES, ladder_picture.SEEDS]


def test_legend_names_only_what_is_drawn() -> None:
    assert ladder_picture.legend([rung("A", 1.0)]) == ""
    assert ladder_picture.SEEDS not in ladder_picture.legend([rung("A", 1.0, (0.9, 1.1))])


def test_close_rungs_are_enlarged() -> None:
    scale = SCALES["language"]
    seeds = OverSeeds(2.31, (2.1, 2.52), 3)
    rungs = [rung("A", 2.0, (1.98, 2.02)), rung("B", 2.3, None, seeds), rung("C", 3.0)]
    assert [found.label for found in near(rungs, scale)] == ["A", "B"]
    axis = close_axis(rungs[:2], scale)
    assert (axis.low, axis.high) == (pytest.approx(1.9), pytest.approx(2.6))
    text = BeautifulSoup(ladder_picture.close_rungs(rungs, scale), "html.parser").get_text()
    assert "this scale runs from 1.9 to 2.6" in text
    assert ladder_picture.close_rungs([rungs[0], rungs[2]], scale) == ""


def test_picture_is_named_escaped_and_inside_its_frame(results: Path) -> None:
    rungs = measured.rungs(results, "classification")
    html = ladder_picture.overview(rungs, SCALES["classification"])
    page = BeautifulSoup(html, "html.parser")
    picture = page.find(role="img")
    assert picture is not None
    text = picture["aria-label"].replace("\N{NO-BREAK SPACE}", " ")
    assert "Majority <class>: 0.520 [0.500, 0.540]." in text
    assert "BERT: 0.820 [0.800, 0.840]; over 3 seeds 0.825 [0.810, 0.840]." in text
    assert [label.get_text() for label in page.select(".rung .label")] == [
        "BERT",
        "Majority <class>",
    ]
    for label in ("BERT", "Majority <class>"):
        for ends in marks(html, label).values():
            assert 0 <= sum(ends.values()) <= 100


def test_table_says_everything_and_links_to_known_chapters_only(results: Path) -> None:
    rungs = measured.rungs(results, "classification")
    scale = SCALES["classification"]
    page = BeautifulSoup(ladder_table.table(rungs, scale, {CHAPTER: "../x.html"}), "html.parser")
    assert [link["href"] for link in page.select("tbody th a")] == ["../x.html"] * 2
    cells = {
        cell["data-label"]: cell.get_text().replace("\N{NO-BREAK SPACE}", " ")
        for cell in page.select("tbody tr")[0].select("td")
    }
    assert cells == {
        "One run": "0.820 [0.800, 0.840]",
        "Over seeds": "0.825 [0.810, 0.840], 3 seeds",
        "Parameters": "9,025",
        "Training": "2.5 s",
    }
    assert "2 CPU cores (Processor X), cpu profile" in page.get_text()
    assert "<a" not in ladder_table.table(rungs, scale, {})


def test_table_names_the_machine_in_each_row_where_there_are_two(results: Path) -> None:
    big = {"big": record(0.9, None, ladder="classification", label="Big")}
    write(results, "gpu", run(big, device="GPU Y"), "bert/large")
    rungs = measured.rungs(results, "classification")
    page = BeautifulSoup(ladder_table.table(rungs, SCALES["classification"], {}), "html.parser")
    machines = [cell.get_text() for cell in page.select('[data-label="Measured on"]')]
    assert machines == ["GPU Y, gpu profile", *["2 CPU cores (Processor X), cpu profile"] * 2]


def test_unknown_ladder_is_refused() -> None:
    with pytest.raises(ValueError, match="language"):
        ladder.choose("nonsense")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0 s"),
        (0.0484, "48 ms"),
        (0.0996, "0.1 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200.4, "3 min 20 s"),
    ],
)
def test_seconds(value: float | None, text: str) -> None:
    assert wording.seconds(value).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (95, "95"), (9025, "9,025"), (812_345, "812 k"), (999_600, "1.0 M")],
)
def test_count(value: int | None, text: str) -> None:
    assert wording.count(value).replace("\N{NO-BREAK SPACE}", " ") == text


def test_memory() -> None:
    assert wording.memory(412.4).split() == ["412", "MB"]
    assert wording.memory(2412).split() == ["2.4", "GB"]


@pytest.mark.site
def test_phone_shows_every_column(visitor: browser.Visitor) -> None:
    tab = visitor.open("book/results", width=390)
    hidden = tab.evaluate(
        """[...document.querySelectorAll('table.rungs tbody > tr > *')].filter(cell => {
             const box = cell.getBoundingClientRect();
             return !box.width || box.left < 0 || box.right > innerWidth;
           }).map(cell => cell.textContent)"""
    )
    shown = tab.locator("table.rungs tbody td").count()
    tab.close()
    assert shown
    assert not hidden
