"""Claims stop a run when they are false."""

import numpy as np
import pytest
import torch

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
