"""The book's figure style and its recurring pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from lmcourse.metrics import Interval

# Okabe & Ito (2008): distinguishable with every common form of colour blindness.
BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GREY = COLORS = [
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#666666",
]  # fmt: skip
PAPER, INK, RULE = "#FDFCF9", "#222222", "#D8D5CC"


def use_style() -> None:
    """Set the style of every figure drawn from now on: opaque, quiet, readable on a phone."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "figure.figsize": (6.0, 3.6),
            "figure.dpi": 130,
            "figure.facecolor": PAPER,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": PAPER,
            "axes.facecolor": PAPER,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 12.5,
            "axes.labelsize": 12,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=COLORS[:6]),
            "grid.color": RULE,
            "grid.linewidth": 0.6,
            "lines.linewidth": 2.0,
            "lines.markersize": 6,
            "font.size": 12,
            "legend.frameon": False,
            "legend.fontsize": 11,
            "xtick.color": INK,
            "ytick.color": INK,
            "svg.hashsalt": "lmcourse",
        }
    )


def bars(
    ax: Axes,
    labels: Sequence[str],
    values: ArrayLike,
    *,
    color: str | Sequence[str] = BLUE,
    xlabel: str = "",
    fmt: str | None = None,
) -> None:
    """Horizontal bars, first label on top; with ``fmt`` each bar ends in its value."""
    heights = np.asarray(values, dtype=float)
    places = np.arange(len(labels))
    drawn = ax.barh(places, heights, color=color, height=0.7)
    ax.set_yticks(places, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)
    if fmt is not None:
        ax.bar_label(drawn, [format(value, fmt) for value in heights], padding=3, fontsize=11)
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
    """A labelled matrix, row 0 on top; with ``fmt`` each cell carries its number."""
    values = np.asarray(matrix, dtype=float)
    image = ax.imshow(values, cmap=cmap, aspect="auto", **options)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if fmt is not None:
        for (i, j), value in np.ndenumerate(values):
            dark = np.asarray(image.norm(value)) > 0.55
            ax.text(
                j, i, format(value, fmt), ha="center", va="center", fontsize=10.5,
                color="white" if dark else INK,
            )  # fmt: skip
    return image


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
