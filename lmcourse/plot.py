"""The book's figure style and its recurring pictures.

All figures have one scale: `WIDTH` inches at 96 pixels an inch, so that type of 10.5 points is
14 pixels on the page (prose has 17) and 9 pixels where a phone shrinks the figure to 350 pixels.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from lmcourse.evaluation.intervals import Interval

WIDTH = 5.6  # inches; a wider figure would be shrunk more, and its type with it
TEXT, SMALL = 10.5, 10.0  # points

# Hues of Okabe & Ito (2008), darkened until each stands out 3:1 from the paper and from a dark
# page. Yellow cannot: it is for areas with an outline.
BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GREY = COLORS = (
    *("#005A96", "#C98400", "#1B9A73", "#D067A5"),
    *("#3A97D2", "#A83A0A", "#F0E442", "#666666"),
)
PAPER, INK, RULE = "#FDFCF9", "#222222", "#D8D5CC"
BLACK, WHITE = "#000000", "#FFFFFF"  # the same in dark mode

VECTOR = "LMCOURSE_FIGURES"  # set to "svg", figures are shown as SVG beside the PNG


def use_style() -> None:
    """Set the style of every figure drawn from now on: opaque, quiet, readable on a phone."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.3),
            "figure.dpi": 96,
            "figure.facecolor": PAPER,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": PAPER,
            "savefig.pad_inches": 0.04,
            "axes.facecolor": PAPER,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": TEXT,
            "axes.labelsize": TEXT,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=COLORS[:6]),
            "grid.color": RULE,
            "grid.linewidth": 0.6,
            "image.interpolation": "none",
            "legend.fontsize": SMALL,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "font.size": TEXT,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "svg.fonttype": "none",
            "svg.hashsalt": "lmcourse",
        }
    )
    _show_crisply()


def _show_crisply() -> None:
    """Show figures at twice the density in Jupyter, and as SVG too where `VECTOR` asks for it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    from matplotlib_inline.config import InlineBackend

    wanted = {"retina", *filter(None, [os.environ.get(VECTOR)])}
    InlineBackend.instance(parent=shell).figure_formats = wanted


def panels(
    n: int = 1, *, height: float = 3.3, beside: bool = False, **options: Any
) -> tuple[Figure, Any]:
    """A figure of `n` panels, each `height` inches high: one below the other, as a phone has room.

    Args:
        n: number of panels.
        height: of each panel, in inches, its labels included.
        beside: put the panels beside each other; for those that share their labels and need
            no more than `WIDTH / n` inches each.
        options: what `matplotlib.pyplot.subplots` takes, such as `sharex=True`.

    Returns:
        The figure and its axes: one Axes for `n` = 1, otherwise an array of them.
    """
    import matplotlib.pyplot as plt

    rows, columns = (1, n) if beside else (n, 1)
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows), **options)


def bars(
    ax: Axes,
    labels: Sequence[str],
    values: ArrayLike,
    *,
    color: str | Sequence[str] = BLUE,
    xlabel: str = "",
    fmt: str | None = None,
) -> None:
    """Horizontal bars, first label on top; with `fmt` each bar ends in its value."""
    heights = np.asarray(values, dtype=float)
    places = np.arange(len(labels))
    drawn = ax.barh(places, heights, color=color, height=0.7)
    ax.set_yticks(places, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)
    if fmt is not None:
        ax.bar_label(drawn, [format(value, fmt) for value in heights], padding=3, fontsize=SMALL)
        ax.margins(x=0.14)


def heatmap(
    ax: Axes,
    matrix: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    fmt: str | None = None,
    cmap: str = "Blues",
    **options: Any,
) -> AxesImage:
    """A labelled matrix, row 0 on top; with `fmt` each cell carries its number.

    The cells keep their colours in dark mode: what is white or dark here is so everywhere.
    """
    values = np.asarray(matrix, dtype=float)
    image = ax.imshow(values, cmap=cmap, aspect="auto", **options)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if fmt is not None:
        for (i, j), value in np.ndenumerate(values):
            color = on(image.cmap(image.norm(value)))
            ax.text(j, i, format(value, fmt), ha="center", va="center", size=SMALL, color=color)
    return image


def on(ground: Any) -> str:
    """The colour of text on a coloured ground: what is easier to read, in dark mode too.

    `INK` changes with the page, a ground that is not one of `COLORS` does not; black and white
    stay what they are, and `PAPER` goes with the brighter `COLORS` of the dark page.
    """
    from matplotlib.colors import to_hex

    light = PAPER if to_hex(ground).upper() in COLORS else WHITE
    return max(BLACK, light, key=lambda text: contrast(text, ground))


def contrast(a: Any, b: Any) -> float:
    """Contrast of two colours that matplotlib knows, from 1 to 21 (WCAG 2.2)."""
    from matplotlib.colors import to_rgb

    def luminance(color: Any) -> float:
        rgb = np.asarray(to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def intervals(
    ax: Axes,
    labels: Sequence[str],
    estimates: Sequence[Interval],
    *,
    color: str | Sequence[str] = BLUE,
    xlabel: str = "",
) -> None:
    """A dot with its 95 % interval for each label, first label on top."""
    places = np.arange(len(labels))
    values = np.array([estimate[0] for estimate in estimates])
    low = values - np.array([estimate[1] for estimate in estimates])
    high = np.array([estimate[2] for estimate in estimates]) - values
    ax.errorbar(values, places, xerr=[low, high], fmt="none", ecolor=GREY, capsize=3, zorder=2)
    ax.scatter(values, places, c=color, s=40, zorder=3)
    ax.set_yticks(places, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
