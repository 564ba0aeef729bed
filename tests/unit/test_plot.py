"""The style of the figures: one scale, colours that can be told from the page, readable cells."""

import io
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from lmcourse import plot

PHONE, PROSE = 350, 17  # pixels: width of a figure on a phone, size of the prose on a desk


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        plot.use_style()
        yield
    plt.close("all")


def picture(figure):
    """What the figure looks like, read back by Pillow at one pixel for each of the page's."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=96)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize(
    ("a", "b", "ratio"),
    [  # published values: https://webaim.org/resources/contrastchecker/
        ("#000000", "#ffffff", 21), ("#767676", "#ffffff", 4.54), ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.0), ("#ffffff", "#ff0000", 4.0), ("#333333", "#333333", 1),
    ],
)  # fmt: skip
def test_contrast(a, b, ratio):
    assert plot.contrast(a, b) == pytest.approx(ratio, abs=0.005)


def test_lines_stand_out_from_the_paper():
    faint = {color for color in plot.COLORS if plot.contrast(color, plot.PAPER) < 3}
    assert faint == {plot.YELLOW}
    assert plot.YELLOW not in plt.rcParams["axes.prop_cycle"].by_key()["color"]


def test_colours_are_told_apart_by_everyone():
    """Also with the commonest colour blindness (deuteranopia), after Machado et al. (2009)."""
    seen = [_blind(color) for color in plot.COLORS[:6]]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > 15  # difference in CIELAB; 2 is just visible, Okabe and Ito's own have 16


def test_type_is_no_larger_than_prose_and_readable_on_a_phone():
    figure, ax = plot.panels()
    ax.plot([0, 1], label="line")
    ax.set(title="title", xlabel="across", ylabel="up")
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.legend().get_texts()]
    width = picture(figure).width
    for text in [*texts, *ax.get_xticklabels(), *ax.get_yticklabels()]:
        pixels = text.get_fontsize() * 96 / 72
        assert pixels <= PROSE
        assert pixels * PHONE / width >= 8.5


def test_panels_stand_below_each_other():
    figure, axes = plot.panels(3, height=2, sharex=True)
    figure.draw_without_rendering()
    places = [ax.get_position() for ax in axes]
    assert picture(figure).size == (int(plot.WIDTH * 96), 6 * 96)
    assert all(below.y1 < above.y0 for above, below in pairwise(places))
    assert len({round(place.x0, 6) for place in places}) == 1


def test_panels_stand_beside_each_other_on_demand():
    figure, (left, right) = plot.panels(2, height=2, beside=True, sharey=True)
    figure.draw_without_rendering()
    assert picture(figure).size == (int(plot.WIDTH * 96), 2 * 96)
    assert left.get_position().x1 < right.get_position().x0


def test_one_panel_is_one_axes():
    _, ax = plot.panels(height=2.5)
    assert isinstance(ax, plt.Axes)


@pytest.mark.parametrize("cmap", ["Blues", "viridis", "Greys"])
def test_numbers_can_be_read_on_their_cells(cmap):
    figure, ax = plot.panels(height=2)
    values = np.linspace(0, 1, 9).reshape(1, 9)
    plot.heatmap(ax, values, ["row"], list("abcdefghi"), fmt=".1f", cmap=cmap)
    drawn = picture(figure)
    for text in ax.texts:
        x, y = ax.transData.transform((text.get_position()[0] - 0.45, 0.4))
        scale = drawn.height / figure.bbox.height
        ground = drawn.getpixel((int(x * scale), drawn.height - 1 - int(y * scale)))
        assert plot.contrast(text.get_color(), np.divide(ground, 255)) >= 4.5, ground


def test_text_on_a_colour_can_be_read():
    for color in [*plot.COLORS, "#ffffff", "#000000", "#777777"]:
        assert plot.contrast(plot.on(color), color) >= 4.5


def test_text_on_a_colour_of_the_page_goes_with_the_page():
    assert plot.on(plot.BLUE) == plot.PAPER  # in the dark: dark type on a brighter blue
    assert plot.on("#00008b") == plot.WHITE
    assert plot.on(plot.SKY) == plot.on("#ffffff") == plot.BLACK


def _blind(color):
    """The colour in CIELAB as someone without green cones sees it."""
    rgb = np.array(Image.new("RGB", (1, 1), color).getpixel((0, 0))) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    deuteranopia = [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]  # fmt: skip
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = to_xyz @ np.clip(deuteranopia @ linear, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
