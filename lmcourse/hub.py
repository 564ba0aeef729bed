"""The model hub: used only when ``LMCOURSE_SOURCE=hub`` asks for it and it can be reached."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from lmcourse.choices import unknown

T = TypeVar("T")
SOURCES = ("assets", "hub")

# repository and revision; the packaged weights are smaller members of the same families
PINS = {
    "reviews": ("stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"),
    "encoder": ("google-bert/bert-base-uncased", "86b5e0934494bd15c9632b12f734a8a67f723594"),
    "causal_lm": (
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "12fd25f77366fa6b3b4b768ec3050bf629380bac",
    ),
}


def source() -> str:
    """Where data and weights come from: ``$LMCOURSE_SOURCE``, "assets" unless set to "hub".

    UnknownName, a ValueError, for anything else.
    """
    chosen = os.environ.get("LMCOURSE_SOURCE") or "assets"
    if chosen not in SOURCES:
        raise unknown("LMCOURSE_SOURCE", chosen, SOURCES)
    return chosen


def ask(name: str, download: Callable[[str, str], T]) -> T | None:
    """What ``download(repository, revision)`` brings; None when the packaged asset is to be used.

    That is so when nobody asked for the hub, and when it cannot be reached, which is then said.
    """
    if source() != "hub":
        return None
    from huggingface_hub.errors import HTTPError  # refusing proxies and broken connections, too

    repository, revision = PINS[name]
    try:
        return download(repository, revision)
    except (OSError, HTTPError) as error:
        print(
            f"The hub could not be reached for {repository} ({type(error).__name__}): "
            f"using the packaged {'sentences' if name == 'reviews' else 'weights'}."
        )
        return None
