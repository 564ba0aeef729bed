"""Figures as notebooks store them: a small PNG for every viewer, and an SVG for the book's pages.

GitHub, Colab, Jupyter and VS Code disagree about `image/svg+xml`: some prefer it to a PNG and then
strip or misplace its text. So the SVG is stored, compressed, under a type of its own, which only
the book's Sphinx extension reads, beside an `image/png` that all of them show.
"""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from nbformat import NotebookNode

SVG = "image/svg+xml"
PNG = "image/png"
DRAWING = "application/vnd.lmcourse.drawing"  # base64 of a compressed SVG
LARGEST_DRAWING = 50_000  # characters of SVG; a picture of more points is shown as its PNG
BESIDE, ALONE = 32, 64  # colours of the PNG beside a drawing, and of one that has to do alone
DENSITY = 192  # dots an inch: twice what a page shows

NAMESPACE = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
DROPPED = {"metadata", "style"}
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
ROUNDED = ("d", "x", "y", "width", "height", "points")


def compact(output: NotebookNode) -> None:
    """Replace the images of an output by what is stored of them; other outputs stay as they are."""
    data = output.get("data", {})
    if not isinstance(data.get(PNG), str):
        return
    svg = small_svg(data.pop(SVG)) if SVG in data else ""
    drawn = 0 < len(svg) <= LARGEST_DRAWING
    if drawn:
        data[DRAWING] = base64.b64encode(zlib.compress(svg.encode(), 9)).decode()
    png = palette_png(base64.b64decode(data[PNG]), BESIDE if drawn else ALONE)
    data[PNG] = base64.b64encode(png).decode() + "\n"


def drawing(output: NotebookNode) -> str | None:
    """The SVG that `compact` stored in this output."""
    stored = output.get("data", {}).get(DRAWING)
    return None if stored is None else zlib.decompress(base64.b64decode(stored)).decode()


def palette_png(png: bytes, colors: int) -> bytes:
    """The picture in a palette of at most `colors`, opaque, without time, program or profile."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        opaque = picture.convert("RGB")
    few = opaque.quantize(colors, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True, dpi=(DENSITY, DENSITY))
    return buffer.getvalue()


def small_svg(svg: str) -> str:
    """Matplotlib's SVG in few characters: one line, two decimals, no style sheet, no unused ids.

    Names of fonts become `monospace` or go, so that the page's own apply; ids that are referred to
    are counted a0, a1, …
    """
    root = ElementTree.fromstring(svg)
    _prune(root)
    short = {name: f"a{i}" for i, name in enumerate(dict.fromkeys(_references(root)))}
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
        element.attrib = _attributes(element.attrib, short)
        element.tail = None
        if element.tag not in ("text", "tspan") or len(element):
            element.text = None
    for text in root.iter("text"):
        _join_words(text)
    _unwrap(root)
    width, height = (float(side) for side in root.attrib["viewBox"].split()[2:])
    root.attrib = {
        "xmlns": NAMESPACE,
        "viewBox": f"0 0 {_short(width)} {_short(height)}",
        "width": str(round(width * 4 / 3)),  # points to pixels
        "height": str(round(height * 4 / 3)),
        "stroke-linejoin": "round",
    }
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _references(root: ElementTree.Element) -> Iterator[str]:
    """The ids that the drawing refers to, in its order."""
    for element in root.iter():
        if element.get(LINK, "").startswith("#"):
            yield element.attrib[LINK][1:]
        for value in element.attrib.values():
            yield from REFERENCE.findall(value)


def _prune(element: ElementTree.Element) -> None:
    for child in list(element):
        if child.tag.rpartition("}")[2] in DROPPED:
            element.remove(child)
        else:
            _prune(child)


def _attributes(given: dict[str, str], ids: dict[str, str]) -> dict[str, str]:
    kept = {}
    for name, value in given.items():
        if name == "id":
            if value in ids:
                kept["id"] = ids[value]
            continue
        if name in ("transform", "style"):
            value = _transform(value) if name == "transform" else _style(value)
        elif name in ROUNDED:
            value = NUMBER.sub(lambda number: _short(float(number[0])), value)
        if name == "d":
            value = re.sub(r"\s*([A-Za-z])\s*", r"\1", value.strip())
        if name == LINK:
            name, value = "href", f"#{ids[value[1:]]}" if value.startswith("#") else value
        value = REFERENCE.sub(lambda found: f"url(#{ids[found[1]]})", value)
        if value:
            kept[name] = value
    return kept


def _style(style: str) -> str:
    kept = []
    for rule in filter(None, (rule.strip() for rule in style.split(";"))):
        name, _, value = (part.strip() for part in rule.partition(":"))
        if name in ("font-family", "font"):
            value = value.replace("'", "")
        if name == "font-family":
            value = "monospace" if "Mono" in value.partition(",")[0] else ""
        if value:
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def _transform(transform: str) -> str:
    if transform.startswith("rotate(-0 "):
        return ""
    digits = 2 if transform.startswith(("rotate", "translate")) else 6
    return NUMBER.sub(lambda number: _short(float(number[0]), digits), transform)


def _join_words(text: ElementTree.Element) -> None:
    """Join the letters that matplotlib places one by one, so that a font spaces its own words."""
    words: list[ElementTree.Element] = []
    for letter in sorted(text, key=lambda tspan: float(tspan.get("x", "0").split()[0])):
        word = words[-1] if words else None
        if word is None or not (word.text or "").strip() or not (letter.text or "").strip():
            words.append(letter)
        elif all(word.get(name) == letter.get(name) for name in ("y", "style")):
            word.text = f"{word.text}{letter.text}"
        else:
            words.append(letter)
    text[:] = words


def _unwrap(element: ElementTree.Element) -> None:
    """Replace groups that say nothing by what they hold."""
    children: list[ElementTree.Element] = []
    for child in element:
        _unwrap(child)
        bare = child.tag in ("g", "defs") and not child.attrib
        children += [*child] if bare and not (child.tag == "defs" and len(child)) else [child]
    element[:] = children


def _short(number: float, digits: int = 2) -> str:
    return f"{round(number, digits) + 0:.{digits}f}".rstrip("0").rstrip(".") or "0"
