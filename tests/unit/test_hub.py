"""The hub: asked only on request, pinned, and replaced when it does not answer."""

import re

import pytest
from huggingface_hub.errors import HTTPError

from lmcourse import hub


def test_every_pin_is_a_commit():
    for repository, revision in hub.PINS.values():
        assert re.fullmatch(r"[\w-]+/[\w.-]+", repository)
        assert re.fullmatch("[0-9a-f]{40}", revision)


def test_nobody_is_asked_without_a_request(monkeypatch):
    monkeypatch.delenv("LMCOURSE_SOURCE", raising=False)
    assert hub.ask("encoder", lambda repository, revision: pytest.fail("asked")) is None


def test_what_the_hub_brings_is_what_ask_returns(monkeypatch, capsys):
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert hub.ask("encoder", lambda *pin: pin) == hub.PINS["encoder"]
    assert capsys.readouterr().out == ""


class RefusingProxy(HTTPError):
    """Like the errors of refusing proxies and broken connections, it is no OSError."""


@pytest.mark.parametrize("error", [ConnectionError("no route"), RefusingProxy("403")])
def test_no_answer_is_said_and_replaced(monkeypatch, capsys, error):
    def download(repository, revision):
        raise error

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert hub.ask("reviews", download) is None
    said = capsys.readouterr().out
    assert f"stanfordnlp/imdb ({type(error).__name__}): using the packaged sentences" in said


def test_a_mistake_in_the_download_is_not_hidden(monkeypatch):
    def download(repository, revision):
        raise KeyError(repository)

    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    with pytest.raises(KeyError):
        hub.ask("encoder", download)
