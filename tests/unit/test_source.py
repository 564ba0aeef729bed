"""The hub: asked only on request, pinned, and replaced when it does not answer."""

import pytest
from huggingface_hub.errors import HTTPError

from lmcourse.data.catalogue import ENCODER, NAMES, REVIEWS
from lmcourse.data.source import ask_hub, source


def test_nobody_is_asked_without_a_request(monkeypatch):
    monkeypatch.delenv("LMCOURSE_SOURCE", raising=False)
    assert ask_hub(ENCODER, lambda repository, revision: pytest.fail("asked")) is None


def test_an_asset_without_a_pin_is_the_packaged_one(monkeypatch):
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert ask_hub(NAMES, lambda repository, revision: pytest.fail("asked")) is None


@pytest.mark.parametrize(
    ("asked", "chosen"), [("", "assets"), ("assets", "assets"), ("hub", "hub")]
)
def test_the_source_is_the_environments(monkeypatch, asked, chosen):
    monkeypatch.setenv("LMCOURSE_SOURCE", asked)
    assert source() == chosen


def test_an_unknown_source_lists_the_choices(monkeypatch):
    monkeypatch.setenv("LMCOURSE_SOURCE", "ftp")
    with pytest.raises(ValueError, match="assets, hub"):
        source()


def test_what_the_hub_brings_is_what_ask_returns(monkeypatch, capsys):
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert ask_hub(ENCODER, lambda *pin: pin) == (ENCODER.hub.repository, ENCODER.hub.revision)
    assert capsys.readouterr().out == ""


class RefusingProxy(HTTPError):
    """Like the errors of refusing proxies and broken connections, it is no OSError."""


@pytest.mark.parametrize("error", [ConnectionError("no route"), RefusingProxy("403")])
def test_no_answer_is_said_and_replaced(monkeypatch, capsys, error):
    def download(repository, revision):
        raise error

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert ask_hub(REVIEWS, download) is None
    said = capsys.readouterr().out
    assert f"stanfordnlp/imdb ({type(error).__name__}): using the packaged sentences" in said


def test_a_mistake_in_the_download_is_not_hidden(monkeypatch):
    def download(repository, revision):
        raise KeyError(repository)

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    with pytest.raises(KeyError):
        ask_hub(ENCODER, download)
