"""Whether data and weights come from the package index or, when asked for, from the model hub."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from lmcourse.data.catalogue import Asset
from lmcourse.errors import unknown

T = TypeVar("T")
SOURCES = ("assets", "hub")


def source() -> str:
    """Where data and weights come from: `$LMCOURSE_SOURCE`, "assets" unless set to "hub".

    UnknownName, a ValueError, for anything else.
    """
    chosen = os.environ.get("LMCOURSE_SOURCE") or "assets"
    if chosen not in SOURCES:
        raise unknown("LMCOURSE_SOURCE", chosen, SOURCES)
    return chosen


def ask_hub(asset: Asset, download: Callable[[str, str], T]) -> T | None:
    """What `download(repository, revision)` brings; None when the packaged asset is to be used.

    That is so when nobody asked for the hub, and when it cannot be reached, which is then said.
    """
    if source() != "hub" or asset.hub is None:
        return None
    from huggingface_hub.errors import HTTPError  # refusing proxies and broken connections, too

    try:
        return download(asset.hub.repository, asset.hub.revision)
    except (OSError, HTTPError) as error:
        print(
            f"The hub could not be reached for {asset.hub.repository} "
            f"({type(error).__name__}): using {asset.hub.fallback}."
        )
        return None
