"""The archive that all rated sentences come from (Hutto & Gilbert 2014), line by line."""

from __future__ import annotations

import tarfile

from lmcourse.data import download
from lmcourse.data.catalogue import REVIEWS


def rated(stem: str) -> list[tuple[str, float, str]]:
    """Key, mean rating and text, as it was stored, of each line of `<stem>_GroundTruth.txt`.

    Raises:
        KeyError: no such file in the archive.
        AssetError: the archive cannot be fetched.
    """
    with tarfile.open(download.file(REVIEWS, "hutto_ICWSM_2014.tar.gz")) as tar:
        file = tar.extractfile(f"hutto_ICWSM_2014/{stem}_GroundTruth.txt")
        assert file is not None
        lines = file.read().decode("utf-8-sig").splitlines()
    rows = (line.split("\t") for line in lines if line)
    return [(key, float(score), text) for key, score, text in rows]
