"""Records carry what the results page needs."""

import json
import sysconfig
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lmcourse import records
from lmcourse.evaluation.intervals import Interval
from lmcourse.records import gpu_sweep, record, sweep


def test_a_record_is_a_glue_value_and_an_entry():
    InteractiveShell.instance()
    with capture_output() as captured:
        record(
            "toy.accuracy", 0.8312, "accuracy", (0.81, 0.85),
            ladder="classification", label="Toy", parameters=12, seconds=3.5,
        )  # fmt: skip
    InteractiveShell.clear_instance()
    assert captured.stdout == "Toy: 0.831 [0.810, 0.850] accuracy\n"
    (output,) = captured.outputs
    assert output.data == {"application/papermill.record/text/plain": "0.831"}
    assert output.metadata["scrapbook"]["name"] == "toy.accuracy"
    entry = output.metadata["lmcourse"]
    assert entry["value"] == 0.8312
    assert entry["interval"] == [0.81, 0.85]
    assert (entry["label"], entry["parameters"], entry["seconds"]) == ("Toy", 12, 3.5)


def test_an_interval_may_stand_with_its_estimate():
    InteractiveShell.instance()
    with capture_output() as captured:
        record("toy.bits", 2.0, "bits/char", Interval(2.0, 1.9, 2.2))
        record("toy.sure", 1.0, "accuracy", Interval(1.0, 1.0, 1.0))
    InteractiveShell.clear_instance()
    entries = [output.metadata["lmcourse"] for output in captured.outputs]
    assert [entry["interval"] for entry in entries] == [[1.9, 2.2], [1.0, 1.0]]


def test_a_bad_record_names_what_is_wrong():
    with pytest.raises(ValueError, match="language, classification"):
        record("x", 1.0, "bits/char", ladder="speed", label="X")
    with pytest.raises(ValueError, match="label"):
        record("x", 1.0, "bits/char", ladder="language")
    with pytest.raises(ValueError, match="outside"):
        record("x", 1.0, "bits/char", (2.0, 3.0))


@pytest.mark.parametrize("where", ["checkout/results", "data/share/lmcourse"])
def test_a_sweep_is_read_from_a_checkout_or_from_where_pip_put_them(tmp_path, monkeypatch, where):
    monkeypatch.setattr(records, "__file__", str(tmp_path / "checkout/lmcourse/records.py"))
    monkeypatch.setattr(sysconfig, "get_path", {"data": str(tmp_path / "data")}.__getitem__)
    with pytest.raises(ValueError, match="no sweep on record for the chapter 'dice/one'"):
        sweep("dice/one")
    file = tmp_path / where / "sweeps/cpu/dice/one.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"runs": []}')
    assert sweep("dice/one") == {"runs": []}
    with pytest.raises(ValueError, match="no sweep on record"):
        gpu_sweep("dice/one")


def test_every_stored_sweep_belongs_to_a_chapter_and_is_packaged():
    root = Path(__file__).parents[2]
    packaged = (root / "pyproject.toml").read_text()
    for file in (root / "results/sweeps").rglob("*.json"):
        profile, *name = file.relative_to(root / "results/sweeps").with_suffix("").parts
        found = {"cpu": sweep, "gpu": gpu_sweep}[profile]("/".join(name))
        assert found == json.loads(file.read_text())
        assert found["chapter"] == "/".join(name)
        folder = f"sweeps/{profile}/{name[0]}"
        assert f'"share/lmcourse/{folder}" = ["results/{folder}/*.json"]' in packaged
