"""Measured numbers as a reader wants them; a number and its unit stay on one line."""

NBSP = "\N{NO-BREAK SPACE}"


def seconds(value: float | None) -> str:
    """`48 ms`, `0.4 s`, `12 s`, `3 min 20 s`; a dash when it was not measured."""
    if value is None:
        return "–"
    if value < 0.0995:
        return f"{value * 1000:.0f}{NBSP}ms" if value else f"0{NBSP}s"
    if value < 9.95:
        return f"{value:.1f}{NBSP}s"
    minutes, rest = divmod(round(value), 60)
    if not minutes:
        return f"{rest}{NBSP}s"
    return f"{minutes}{NBSP}min{NBSP}{rest}{NBSP}s" if rest else f"{minutes}{NBSP}min"


def memory(megabytes: float) -> str:
    """Megabytes as gigabytes with one decimal, or as they are below half a gigabyte."""
    return f"{megabytes / 1000:.1f}{NBSP}GB" if megabytes >= 500 else f"{megabytes:.0f}{NBSP}MB"


def count(value: int | None) -> str:
    """`812`, `9,025`, `812 k`, `22.7 M`, `135 M`; a dash when there is none."""
    if value is None:
        return "–"
    if value < 10_000:
        return f"{value:,}"
    if value < 999_500:
        return f"{value / 1e3:.0f}{NBSP}k"
    return f"{value / 1e6:.1f}{NBSP}M" if value < 99_950_000 else f"{value / 1e6:.0f}{NBSP}M"


def estimate(value: float, interval: tuple[float, float] | None) -> str:
    """`0.823 [0.806, 0.839]`, the form that `lmcourse.evaluation.intervals.Interval` prints."""
    text = f"{value:.3f}"
    if interval is None:
        return text
    return f"{text}{NBSP}[{interval[0]:.3f},{NBSP}{interval[1]:.3f}]"
