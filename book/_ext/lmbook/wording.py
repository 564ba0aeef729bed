"""Measured numbers as a reader wants them."""


def seconds(value: float | None) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``; a dash when it was not measured."""
    if value is None:
        return "–"
    if value < 9.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def memory(megabytes: float) -> str:
    """Megabytes as gigabytes with one decimal, or as they are below half a gigabyte."""
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 500 else f"{megabytes:.0f} MB"


def count(value: int | None) -> str:
    """``812``, ``9,025``, ``812 k``, ``22.7 M``, ``135 M``; a dash when there is none."""
    if value is None:
        return "–"
    if value < 10_000:
        return f"{value:,}"
    if value < 999_500:
        return f"{value / 1e3:.0f} k"
    return f"{value / 1e6:.1f} M" if value < 99_950_000 else f"{value / 1e6:.0f} M"


def figure(value: float, unit: str) -> str:
    """A value with the decimals that its unit deserves."""
    return f"{value:.3f}" if unit == "accuracy" else f"{value:.2f}"


def estimate(value: float, interval: tuple[float, float] | None, unit: str) -> str:
    """``0.823 [0.806, 0.839]``, the form that `lmcourse.metrics.Interval` prints."""
    text = figure(value, unit)
    if interval is None:
        return text
    return f"{text} [{figure(interval[0], unit)}, {figure(interval[1], unit)}]"
