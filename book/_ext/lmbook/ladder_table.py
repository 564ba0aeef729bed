"""The ladders' numbers as a table, whose rows become cards on a phone.

The roles are written out because a style sheet that turns rows into blocks takes them away.
"""

from collections.abc import Mapping, Sequence
from html import escape

from . import wording
from .ladder_scale import Scale
from .records import Rung

MODEL, VALUE, SEEDS = "Model", "One run, 95 % over sentences", "Mean over seeds, 95 %"
PARAMETERS, TRAINING, MACHINE = "Parameters", "Training", "Measured on"
HEAD = (MODEL, VALUE, SEEDS, PARAMETERS, TRAINING, MACHINE)


def table(rungs: Sequence[Rung], scale: Scale, links: Mapping[str, str]) -> str:
    """The table; models link to their chapter where `links` has its address."""
    head = "".join(f'<th role="columnheader" scope="col">{text}</th>' for text in HEAD)
    rows = "".join(row(rung, links) for rung in rungs)
    return (
        f'<table class="rungs" role="table" aria-label="{escape(scale.title)}, in numbers">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def row(rung: Rung, links: Mapping[str, str]) -> str:
    """One rung."""
    where = rung.device if rung.profile == "gpu" else f"{rung.profile}, {rung.device}"
    cells = {
        VALUE: wording.estimate(rung.value, rung.interval),
        SEEDS: over_seeds(rung),
        PARAMETERS: wording.count(rung.parameters),
        TRAINING: wording.seconds(rung.seconds),
        MACHINE: where,
    }
    written = "".join(
        f'<td role="cell" data-label="{label}">{escape(text)}</td>' for label, text in cells.items()
    )
    return f'<tr role="row"><th role="rowheader" scope="row">{model(rung, links)}</th>{written}</tr>'


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
