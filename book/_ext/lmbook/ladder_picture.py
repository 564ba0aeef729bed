"""The ladders' pictures.

They are HTML and CSS, not images: they take their colours from the theme (light and dark), their
letters stay readable on a phone, and they cost two kilobytes.
"""

from collections.abc import Sequence
from html import escape

from . import wording
from .ladder_scale import Axis, Scale, close_axis, full_axis, near
from .measured import Rung

SENTENCES = "95 % over the test sentences, one run"
SEEDS = "mean and 95 % over seeds"


def overview(rungs: Sequence[Rung], scale: Scale) -> str:
    """All rungs as bars from zero."""
    axis = full_axis(rungs, scale)
    text = (
        f"{scale.title}, one row a model. {scale.axis_title}. "
        f"From {rungs[0].label}, the best, to {rungs[-1].label}. {describe(rungs)}"
    )
    return figure(rungs, axis, f"{scale.axis_title}.", text, scale.ladder)


def close_rungs(rungs: Sequence[Rung], scale: Scale) -> str:
    """The rungs close to the best one as dots on an enlarged scale; nothing if it stands alone."""
    chosen = near(rungs, scale)
    if len(chosen) < 2:
        return ""
    axis = close_axis(chosen, scale)
    what = (
        f"The rungs within {scale.close:g} {scale.unit} of the best, enlarged: "
        f"this scale runs from {axis.low:g} to {axis.high:g}."
    )
    return figure(chosen, axis, what, f"{what} {describe(chosen)}", f"{scale.ladder} close")


def describe(rungs: Sequence[Rung]) -> str:
    """The numbers of a picture in words."""
    return " ".join(f"{rung.label}: {numbers(rung)}." for rung in rungs)


def numbers(rung: Rung) -> str:
    """Value and intervals of a rung in words."""
    text = wording.estimate(rung.value, rung.interval)
    if spread := rung.over_seeds:
        mean = wording.estimate(spread.mean, spread.interval)
        text += f"; over {spread.seeds} seeds {mean}"
    return text


def figure(rungs: Sequence[Rung], axis: Axis, caption: str, text: str, kind: str) -> str:
    """Rows, axis and legend, with `text` as the alternative."""
    rows = "".join(row(rung, axis, best=rung is rungs[0]) for rung in rungs)
    ticks = "".join(f'<i style="left:{axis.share(t):.2f}%">{t:g}</i>' for t in axis.ticks)
    return (
        f'<figure class="ladder {kind}">'
        f'<div role="img" aria-label="{escape(text)}">{rows}'
        f'<div class="scale"><span class="label"></span><span class="track">{ticks}</span>'
        f'<span class="value"></span></div></div>'
        f"<figcaption>{escape(caption)}{legend(rungs)}</figcaption></figure>"
    )


def row(rung: Rung, axis: Axis, *, best: bool) -> str:
    """One rung: its name, its mark with the intervals, its value."""
    lanes = " two-lanes" if rung.interval and rung.over_seeds else ""
    at = f"{axis.share(rung.value):.2f}%"
    marks = f'<i class="bar" style="width:{at}"></i>'
    if rung.interval:
        marks += between("sentences", rung.interval, axis)
    marks += f'<i class="dot" style="left:{at}"></i>'
    if spread := rung.over_seeds:
        marks += between("seeds", spread.interval, axis)
        marks += f'<i class="mean" style="left:{axis.share(spread.mean):.2f}%"></i>'
    return (
        f'<div class="rung{" best" if best else ""}">'
        f'<span class="label">{escape(rung.label)}</span>'
        f'<span class="track{lanes}">{marks}</span>'
        f'<span class="value">{rung.value:.3f}</span></div>'
    )


def between(kind: str, interval: tuple[float, float], axis: Axis) -> str:
    """The mark of one interval."""
    left, right = (axis.share(end) for end in interval)
    return f'<i class="{kind}" style="left:{left:.2f}%;width:{right - left:.2f}%"></i>'


def legend(rungs: Sequence[Rung]) -> str:
    """What the marks mean, for the kinds of interval that these rungs have."""
    items = ""
    if any(rung.interval for rung in rungs):
        items += f'<span class="key"><i class="sentences"></i>{SENTENCES}</span>'
    if any(rung.over_seeds for rung in rungs):
        items += f'<span class="key"><i class="seeds"></i><i class="mean"></i>{SEEDS}</span>'
    return f'<span class="legend">{items}</span>' if items else ""
