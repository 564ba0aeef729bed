"""The ladders' numbers as a table, whose rows become cards on a phone.

The roles are written out because a style sheet that turns rows into blocks takes them away.
"""

from collections.abc import Mapping, Sequence
from html import escape

from . import wording
from .ladder_scale import Scale
from .measured import Rung

#: Column and what its numbers are; the cards show the first only.
RUN = ("One run", "95 % over sentences")
SEEDS = ("Over seeds", "mean, 95 %")
PARAMETERS, TRAINING, MACHINE = ("Parameters", ""), ("Training", ""), ("Measured on", "")


def table(rungs: Sequence[Rung], scale: Scale, links: Mapping[str, str]) -> str:
    """The table; models link to their chapter where `links` has its address."""
    machines = {machine(rung) for rung in rungs}
    one = machines.pop() if len(machines) == 1 else ""
    rows = [cells(rung, named=not one) for rung in rungs]
    head = "".join(map(column, [("Model", ""), *rows[0]]))
    body = "".join(
        f'<tr role="row"><th role="rowheader" scope="row">{model(rung, links)}</th>'
        f"{write(row)}</tr>"
        for rung, row in zip(rungs, rows, strict=True)
    )
    note = f'<p class="rungs-note">Measured on {escape(one)}.</p>' if one else ""
    return (
        f'<table class="rungs" role="table" aria-label="{escape(scale.title)}, in numbers">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>{note}'
    )


def column(names: tuple[str, str]) -> str:
    """The head of one column."""
    name, what = names
    small = f'<span class="note">{what}</span>' if what else ""
    return f'<th role="columnheader" scope="col">{name}{small}</th>'


def cells(rung: Rung, *, named: bool) -> dict[tuple[str, str], str]:
    """The cells of one rung by column; the machine only where it is `named` in each row."""
    found = {
        RUN: wording.estimate(rung.value, rung.interval),
        SEEDS: over_seeds(rung),
        PARAMETERS: wording.count(rung.parameters),
        TRAINING: wording.seconds(rung.seconds),
    }
    return {**found, MACHINE: machine(rung)} if named else found


def write(row: Mapping[tuple[str, str], str]) -> str:
    """Cells that know their column, for the cards."""
    return "".join(
        f'<td role="cell" data-label="{name}">{escape(text)}</td>'
        for (name, _), text in row.items()
    )


def machine(rung: Rung) -> str:
    """Machine and profile."""
    return f"{rung.device}, {rung.profile} profile"


def over_seeds(rung: Rung) -> str:
    """Mean, interval and number of seeds; a dash for a model that no seed changes."""
    if rung.over_seeds is None:
        return "–"
    mean = wording.estimate(rung.over_seeds.mean, rung.over_seeds.interval)
    return f"{mean}, {rung.over_seeds.seeds}{wording.NBSP}seeds"


def model(rung: Rung, links: Mapping[str, str]) -> str:
    """The model's name, linked to its chapter, and its note."""
    name = escape(rung.label)
    if rung.chapter in links:
        name = f'<a href="{escape(links[rung.chapter])}">{name}</a>'
    return name + (f'<span class="note">{escape(rung.note)}</span>' if rung.note else "")
