"""What the two ladders measure, and where their axes begin and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from .measured import Rung


@dataclass(frozen=True)
class Scale:
    """One ladder's measure; rungs within `close` of the best are shown enlarged."""

    ladder: str
    title: str
    measure: str
    unit: str
    better: str
    close: float
    top: float | None = None

    @property
    def axis_title(self) -> str:
        """The words at the axis."""
        return f"{self.measure[0].upper()}{self.measure[1:]} on the test reviews, {self.better}"


SCALES = {
    "language": Scale(
        "language",
        title="The ladder of language models",
        measure="bits per character",
        unit="bits",
        better="less is better",
        close=0.4,
    ),
    "classification": Scale(
        "classification",
        title="The ladder of classifiers",
        measure="accuracy",
        unit="in accuracy",
        better="more is better",
        close=0.1,
        top=1.0,
    ),
}


@dataclass(frozen=True)
class Axis:
    """A stretch of numbers drawn from left to right, and its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where `value` lies, in percent of the axis; ends where the axis ends."""
        inside = max(self.low, min(self.high, value))
        return 100 * (inside - self.low) / (self.high - self.low)


def full_axis(rungs: Sequence[Rung], scale: Scale) -> Axis:
    """From zero, so that a bar's length is its value."""
    high = scale.top or float(max(1, ceil(max(max(_extent(rung)) for rung in rungs))))
    step = high / 5 if scale.top else 1.0
    return _axis(0.0, high, step)


def near(rungs: Sequence[Rung], scale: Scale) -> list[Rung]:
    """The rungs close to the best one, which comes first."""
    return [rung for rung in rungs if abs(rung.value - rungs[0].value) <= scale.close]


def close_axis(rungs: Sequence[Rung], scale: Scale) -> Axis:
    """As much of the axis as `rungs` and their intervals need, in steps of a quarter of `close`."""
    step = scale.close / 4
    low = floor(min(min(_extent(rung)) for rung in rungs) / step) * step
    high = ceil(max(max(_extent(rung)) for rung in rungs) / step) * step
    return _axis(low, high, step)


def _extent(rung: Rung) -> list[float]:
    """Every number that is drawn for a rung."""
    spread = [rung.over_seeds.mean, *rung.over_seeds.interval] if rung.over_seeds else []
    return [rung.value, *(rung.interval or ()), *spread]


def _axis(low: float, high: float, step: float) -> Axis:
    count = round((high - low) / step)
    return Axis(low, high, tuple(round(low + step * i, 6) for i in range(count + 1)))
