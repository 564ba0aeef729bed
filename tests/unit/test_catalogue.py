"""The catalogue: every asset pinned by a hash, every relative on the hub by a commit."""

import re

import pytest

from lmcourse.data.catalogue import ASSETS, REVIEWS, find
from lmcourse.errors import UnknownName


def test_every_asset_is_one_pinned_file_under_a_free_licence():
    for name, asset in ASSETS.items():
        assert find(name) is asset
        assert asset.kind in ("sdist", "wheel")
        assert re.fullmatch("[0-9a-f]{64}", asset.sha256)
        assert re.match("MIT|Apache-2.0|BSD-3-Clause", asset.licence)
    assert REVIEWS.requirement == "vaderSentiment==3.3.2"


def test_every_pin_is_a_commit():
    pins = [asset.hub for asset in ASSETS.values() if asset.hub is not None]
    assert len(pins) == 3
    for pin in pins:
        assert re.fullmatch(r"[\w-]+/[\w.-]+", pin.repository)
        assert re.fullmatch("[0-9a-f]{40}", pin.revision)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'reviews'"):
        find("revews")
