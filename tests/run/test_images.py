"""What notebooks store of a figure: a palette PNG that all viewers show, a drawing for the page."""

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes
from PIL import Image

from lmcourse import plot
from lmcourse.runner import images

ROOT = Path(__file__).resolve().parents[2]


def figure(points=200):
    plot.use_style()
    drawn, (above, below) = plot.panels(2, height=2)
    above.plot(np.random.default_rng(0).random(points), label="$x_1$ & < of one")
    above.set(title="a title", xlabel="probability $p_i^2$")
    above.legend()
    plot.heatmap(below, np.arange(12).reshape(2, 6), ["a", "b"], list("uvwxyz"), fmt=".0f")
    return drawn


def saved(kind, **options):
    buffer = io.BytesIO()
    with plt.rc_context():
        drawn = figure(**options)
        drawn.savefig(buffer, format=kind, dpi=192 if kind == "png" else 72, bbox_inches="tight")
    plt.close("all")
    return buffer.getvalue()


def shown(**data):
    return new_output("display_data", data=data)


def both(**options):
    png = base64.b64encode(saved("png", **options)).decode()
    return shown(**{images.PNG: png, images.SVG: saved("svg", **options).decode()})


def opened(output):
    return Image.open(io.BytesIO(base64.b64decode(output.data[images.PNG])))


@pytest.mark.parametrize("colors", [images.BESIDE, images.ALONE])
def test_palette(colors):
    before = saved("png")
    after = images.palette_png(before, colors)
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert (new.format, new.mode, new.size) == ("PNG", "P", old.size)
        assert len(new.getcolors()) <= colors
        assert new.info["dpi"] == pytest.approx((192, 192), abs=0.1)
        assert new.info.keys() == {"dpi"}  # no program, no time, no transparency
        pixels = [np.asarray(image.convert("RGB"), dtype=int) for image in (old, new)]
    assert np.abs(pixels[0] - pixels[1]).max() <= 32  # of 255, in the one pixel that is furthest
    assert len(after) < len(before) / 2


def test_small_svg_says_the_same():
    before, after = saved("svg").decode(), images.small_svg(saved("svg").decode())
    old, new = ElementTree.fromstring(before), ElementTree.fromstring(after)
    assert len(after) < len(before) / 2
    assert _words(old) == _words(new)
    assert {e.tag.rpartition("}")[2] for e in new.iter()}.isdisjoint({"style", "metadata", "title"})
    assert "DejaVu" not in after
    assert "\n" not in after
    ids = [e.attrib["id"] for e in new.iter() if "id" in e.attrib]
    assert len(ids) == len(set(ids)) > 0
    assert set(re.findall(r'(?:url\(|href=")#(\w+)', after)) == set(ids)
    left, top, width, height = map(float, new.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    assert [int(new.attrib[side]) for side in ("width", "height")] == [
        round(width / 72 * 96), round(height / 72 * 96)
    ]  # fmt: skip


def test_colours_are_no_references():
    svg = images.small_svg(saved("svg").decode())
    assert f"stroke:{plot.BLUE.lower()}" in svg
    assert f"fill:{plot.PAPER.lower()}" in svg


def test_stored_beside_each_other():
    output = both()
    svg = images.small_svg(output.data[images.SVG])
    images.compact(output)
    assert output.data.keys() == {images.PNG, images.DRAWING}
    assert images.drawing(output) == svg
    assert len(opened(output).getcolors()) <= images.BESIDE
    assert len(output.data[images.DRAWING]) < len(svg) / 2


def test_a_drawing_of_many_points_is_only_a_picture():
    output = both(points=8000)
    images.compact(output)
    assert output.data.keys() == {images.PNG}
    assert images.drawing(output) is None
    assert images.BESIDE < len(opened(output).getcolors()) <= images.ALONE


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", name="stdout", text="a"),
        shown(**{"text/html": "<svg></svg>"}),
        shown(**{images.SVG: "<svg>not ours</svg>"}),
        shown(**{"image/jpeg": "abcd"}),
    ],
)
def test_what_is_no_figure_stays(output):
    before = json.dumps(output)
    images.compact(output)
    assert json.dumps(output) == before


FIGURE = """\
import matplotlib.pyplot as plt
from lmcourse import plot
plot.use_style()
figure, ax = plot.panels(height=2)
ax.plot([1, 2], label="line")
ax.legend()
plt.show()"""


def test_a_run_stores_both_and_the_same_again(book):
    book.write("part/figure", FIGURE)
    stored = []
    for seed in "12":
        done = book.lmcourse("run", "--force", PYTHONHASHSEED=seed, PYTHONPATH=str(ROOT))
        assert done.returncode == 0, done.stdout + done.stderr
        stored.append(book.stored("part/figure").read_bytes())
    assert stored[0] == stored[1]
    (output,) = [o for c in json.loads(stored[0])["cells"] for o in c.get("outputs", [])]
    assert output["data"].keys() >= {images.PNG, images.DRAWING}
    assert output["metadata"][images.PNG]["width"] * 2 == pytest.approx(
        Image.open(io.BytesIO(base64.b64decode("".join(output["data"][images.PNG])))).width, abs=1
    )


@pytest.mark.parametrize("kind", [images.DRAWING, images.SVG])
def test_nbval_compares_no_drawing(tmp_path, kind):
    assert _nbval(tmp_path, kind).returncode == 0
    assert _nbval(tmp_path, "text/latex").returncode == 1  # what it does compare


def _nbval(folder, kind):
    """Run nbval on a notebook that stores something of this kind and now shows something else."""
    code = f"from IPython.display import display\ndisplay({{{kind!r}: 'new'}}, raw=True)"
    cell = new_code_cell(code, execution_count=1, outputs=[shown(**{kind: "old"})])
    path = folder / "figure.ipynb"
    path.write_text(writes(new_notebook(cells=[cell])), encoding="utf8")
    options = ["-q", "-p", "conftest", "--nbval", "--nbval-current-env", "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", *options, "-c", "/dev/null", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)


def _words(svg):
    """The letters of all texts, each text's in reading order."""
    texts = []
    for text in (e for e in svg.iter() if e.tag.endswith("}text")):
        spans = sorted((float(s.get("x", 0)), "".join(s.itertext()).strip()) for s in text)
        texts.append("".join(word for _, word in spans) or (text.text or "").strip())
    return texts
