"""What a widget loads when the reader asks for it: scripts made of the package's own files.

A page opened from a folder may load a script and nothing else, so what is loaded is a script that
stores one value, `liveFiles[name] = {…}`. They are made when the site is built and never committed:
the weights of the character GPT, as they lie in the package, and the training sentences.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from lmcourse import weights
from lmcourse.data.download import AssetError
from lmcourse.data.reviews import load_reviews
from lmcourse.text.characters import ALPHABET

FOLDER = "live/files"  # in _static
logger = logging.getLogger(__name__)


def char_gpt() -> dict[str, Any]:
    """Configuration, alphabet, and every tensor's place in the fp16 numbers, in base64."""
    stored = resources.files(weights)
    recipe = json.loads((stored / "char_gpt.json").read_text(encoding="utf8"))
    file = (stored / "char_gpt.safetensors").read_bytes()
    length = int.from_bytes(file[:8], "little")  # of the header, in JSON; numbers follow
    header = json.loads(file[8 : 8 + length])
    header.pop("__metadata__", None)
    assert {tensor["dtype"] for tensor in header.values()} == {"F16"}
    places = {name: [each // 2 for each in t["data_offsets"]] for name, t in header.items()}
    return {
        "config": recipe["config"],
        "alphabet": ALPHABET,
        "tensors": {name: [begin, end - begin] for name, (begin, end) in places.items()},
        "data": base64.b64encode(file[8 + length :]).decode(),
    }


def reviews() -> dict[str, Any]:
    """The training sentences, a line each, compressed by gzip and in base64."""
    text = "\n".join(load_reviews("text")["train"]["text"])
    packed = gzip.compress(text.encode("ascii"), mtime=0)
    return {"gzip": base64.b64encode(packed).decode()}


FILES: dict[str, dict[str, Callable[[], dict[str, Any]]]] = {  # of each widget
    "gpt": {"char_gpt": char_gpt, "reviews": reviews}
}


@cache
def scripts(widget: str) -> dict[str, str]:
    """The scripts that a widget may load, by name; without those whose data cannot be had here."""
    made = {}
    for name, make in FILES.get(widget, {}).items():
        try:
            value = json.dumps(make(), separators=(",", ":"))
        except AssetError as error:
            logger.info(f"{widget}: without {name}, {error}")
            continue
        made[name] = f"(window.liveFiles ??= {{}}).{name} = {value};\n"
    return made


def attributes(widget: str) -> dict[str, str]:
    """For the widget's script element: where each file lies, seen from it, and its bytes."""
    known = {
        name: {
            "src": f"files/{name}.js?v={hashlib.sha256(script.encode()).hexdigest()[:8]}",
            "bytes": len(script.encode()),
        }
        for name, script in scripts(widget).items()
    }
    return {"data-files": json.dumps(known)} if known else {}


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put the scripts beside the widgets of a site that was built."""
    if exception is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "_static" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for widget in FILES:
        for name, script in scripts(widget).items():
            (folder / f"{name}.js").write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", write)
