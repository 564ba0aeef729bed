"""Claims stop a run when they are false, and records carry what the results page needs."""

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from lmcourse.metrics import Interval

from lmcourse import claims, session


@pytest.fixture(params=["cpu", "gpu"])
def judged(request, monkeypatch):
    monkeypatch.setenv("LMCOURSE_DEVICE", "cpu")
    return session.start(request.param)


def test_a_true_claim_is_printed_and_a_false_one_stops(judged, capsys):
    claims.check("two is two", 2 == 2)
    claims.check("as an array", np.array([1]) == 1)
    claims.check("as a tensor", (torch.ones(3) > 0).all())
    assert capsys.readouterr().out == "✓ two is two\n✓ as an array\n✓ as a tensor\n"
    with pytest.raises(claims.ClaimFailed, match="does not confirm: two is three"):
        claims.check("two is three", 2 == 3)
    assert "two is three" not in capsys.readouterr().out


def test_a_claim_must_be_one_truth_value(judged):
    for condition in (np.array([True, False]), "yes", 1, None):
        with pytest.raises(TypeError, match="condition"):
            claims.check("vague", condition)


def test_smoke_prints_claims_unjudged_but_judges_arithmetic(capsys):
    session.start("smoke")
    claims.check("the tiny run wins", False)
    assert capsys.readouterr().out == "· the tiny run wins (not judged at smoke size)\n"
    with pytest.raises(claims.ClaimFailed):
        claims.close("one is two", 1.0, 2.0)


def test_close_compares_values_and_shapes(judged, capsys):
    claims.close("same", torch.tensor([1.0, 2.0]), [1.0, 2.0 + 1e-9])
    claims.close("a number for all", np.full(3, 0.25), 0.25)
    assert capsys.readouterr().out == "✓ same\n✓ a number for all\n"
    for actual, expected in (([1.0], [1.1]), ([1.0], [1.0, 1.0]), ([np.nan], [1.0])):
        with pytest.raises(claims.ClaimFailed):
            claims.close("different", actual, expected)
    claims.close("within the tolerance", 100.0, 101.0, rtol=0.02)
    with pytest.raises(claims.ClaimFailed, match=r"largest difference 0\.5"):
        claims.close("different", [1.0, 2.0], [1.0, 1.5])
    for actual, expected in ((1e-5, 0.0), (1e3 + 1e-5, 1e3)):  # nothing relative unless asked for
        with pytest.raises(claims.ClaimFailed):
            claims.close("different", actual, expected)


def test_a_record_is_a_glue_value_and_an_entry():
    InteractiveShell.instance()
    with capture_output() as captured:
        claims.record(
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
        claims.record("toy.bits", 2.0, "bits/char", Interval(2.0, 1.9, 2.2))
        claims.record("toy.sure", 1.0, "accuracy", Interval(1.0, 1.0, 1.0))
    InteractiveShell.clear_instance()
    entries = [output.metadata["lmcourse"] for output in captured.outputs]
    assert [entry["interval"] for entry in entries] == [[1.9, 2.2], [1.0, 1.0]]


def test_a_bad_record_names_what_is_wrong():
    with pytest.raises(ValueError, match="language, classification"):
        claims.record("x", 1.0, "bits/char", ladder="speed", label="X")
    with pytest.raises(ValueError, match="label"):
        claims.record("x", 1.0, "bits/char", ladder="language")
    with pytest.raises(ValueError, match="outside"):
        claims.record("x", 1.0, "bits/char", (2.0, 3.0))
