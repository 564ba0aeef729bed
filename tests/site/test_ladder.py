"""From the records of runs to the ladders' pictures, tables and words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from lmbook import ladder, records, wording


def record(value: float, interval: list[float] | None, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": "accuracy", "interval": interval, "note": "", **more}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two classifiers from one chapter, one of them measured over three seeds too."""
    rung = {"ladder": "classification", "parameters": 9025, "seconds": 2.5}
    run = {
        "profile": "cpu",
        "environment": {"device": "Processor X", "cpu_count": 2},
        "chapters": {
            "bert/finetune": {
                "seconds": 75.4,
                "peak_mb": 1234.5,
                "date": "2026-11-22",
                "records": {
                    "majority": record(0.52, [0.5, 0.54], **rung, label="Majority <class>"),
                    "bert": record(0.82, [0.80, 0.84], **rung, label="BERT"),
                    "other": record(0.99, None, ladder=None, label=None),
                },
            }
        },
    }
    seeds = {
        "profile": "cpu",
        "seeds": {"0": {}, "1": {}, "2": {}},
        "records": {
            "bert": {"mean": 0.825, "interval": [0.81, 0.84]},
            "majority": {"mean": 0.52, "interval": [0.52, 0.52]},
        },
    }
    (tmp_path / "seeds").mkdir()
    (tmp_path / "cpu.json").write_text(json.dumps(run))
    (tmp_path / "seeds" / "bert.finetune.cpu.json").write_text(json.dumps(seeds))
    return tmp_path


def test_rungs_are_ordered_and_averaged_over_seeds(results: Path) -> None:
    best, worst = records.rungs(results, "classification")
    assert (best.name, best.value, best.interval, best.seeds) == ("bert", 0.825, (0.81, 0.84), 3)
    assert (worst.name, worst.interval, worst.seeds) == ("majority", (0.5, 0.54), 1)
    assert best.device == "2 CPU cores (Processor X)"


def test_classifiers_of_another_test_set_stay_out(results: Path) -> None:
    run = json.loads((results / "cpu.json").read_text())
    run["profile"], run["environment"]["source"] = "gpu", "hub"
    (results / "gpu.json").write_text(json.dumps(run))
    assert {rung.profile for rung in records.rungs(results, "classification")} == {"cpu"}


def test_fewer_bits_are_higher_on_the_ladder(tmp_path: Path) -> None:
    rungs = {
        name: {"value": value, "unit": "bits/char", "interval": None, "ladder": "language"}
        for name, value in {"uniform": 6.6, "bigram": 3.5, "unigram": 4.4}.items()
    }
    chapter = {"seconds": 1.0, "peak_mb": 1.0, "date": "", "records": rungs}
    (tmp_path / "cpu.json").write_text(json.dumps({"chapters": {"a/b": chapter}}))
    found = records.rungs(tmp_path, "language")
    assert [rung.name for rung in found] == ["bigram", "unigram", "uniform"]
    assert ladder.axis(found, "language") == (0.0, 7.0, [0, 1, 2, 3, 4, 5, 6, 7])


def test_without_results_there_are_no_rungs(tmp_path: Path) -> None:
    assert records.rungs(tmp_path, "language") == []
    assert records.timings(tmp_path) == {}


def test_picture_is_named_escaped_and_inside_its_frame(results: Path) -> None:
    rungs = records.rungs(results, "classification")
    page = BeautifulSoup(ladder.picture(rungs, "classification"), "html.parser")
    picture = page.find(role="img")
    assert picture is not None
    text = picture["aria-label"]
    assert "Majority <class> 0.520 [0.500, 0.540]" in text.replace("\N{NO-BREAK SPACE}", " ")
    labels = [label.get_text() for label in page.select(".rung .label")]
    assert labels == ["BERT", "Majority <class>"]
    for part in page.select("[style]"):
        ends = dict(piece.split(":") for piece in part["style"].split(";"))
        assert sum(float(value.rstrip("%")) for value in ends.values()) <= 100
    assert page.select_one(".best .bar")["style"] == "width:65.00%"


def test_table_links_to_known_chapters_only(results: Path) -> None:
    rungs = records.rungs(results, "classification")
    assert "{doc}`BERT </notebooks/bert/finetune>`" in ladder.table(
        rungs, {"notebooks/bert/finetune"}
    )
    assert "{doc}" not in ladder.table(rungs, set())
    assert "cpu profile, 2 CPU cores (Processor X), 3 seeds" in ladder.table(rungs, set())


def test_unknown_ladder_is_refused() -> None:
    with pytest.raises(ValueError, match="language"):
        ladder.choose("nonsense")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.04, "0.0 s"), (9.96, "10 s"), (59.6, "1 min"), (200.4, "3 min 20 s")],
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
