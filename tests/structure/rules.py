"""What every chapter must be like. A rule reads a chapter and yields what is wrong, in words.

Rules only read. `tests/structure/test_rules.py` shows for each of them a chapter that breaks it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupytext.config import load_jupytext_config
from lmbook.reading_time import CODE_LINES_A_MINUTE, WORDS_A_MINUTE
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
TAGS = {
    *("install", "parameters", "claims", "nbval-ignore-output"),
    *("exercise", "solution", "hide-cell", "hide-input"),
}
COLUMNS = 80  # of code, so that a phone and a page beside a screen show whole lines
LEVEL = 95  # per cent: that of every interval in the book, chosen and not measured
KILOBYTES = 400  # of a notebook with its outputs
WORDS, MINUTES = 3000, 40  # of a chapter: one sitting
FOLDED = {"install", "parameters", "claims", "hide-input", "hide-cell"}
METADATA = {"tags", "mystnb", "cellView", "jupyter", "lines_to_next_cell"}
REMOVED = {
    r"\bfrom transformers import .*\bAdamW\b|\btransformers\.AdamW\b": "transformers.AdamW",
    r"\bevaluation_strategy\b": "evaluation_strategy (now eval_strategy)",
    r"\bload_metric\b": "datasets.load_metric",
    r"\bas_target_tokenizer\b": "as_target_tokenizer",
    r"\.(batch_)?encode_plus\(": "encode_plus (call the tokenizer)",
    r"\bprepare_seq2seq_batch\b": "prepare_seq2seq_batch",
    r"\btorch\.cuda\.amp\b": "torch.cuda.amp (now torch.amp)",
    r"\bF\.(sigmoid|tanh)\(|\bfunctional\.(sigmoid|tanh)\(": "torch.nn.functional.sigmoid, tanh",
    r"\btorch\.autograd\.Variable\b|\bimport Variable\b": "torch.autograd.Variable",
    r"\bnp\.(float|int|bool|object|str|float_|in1d|product|trapz)\b": "an alias NumPy removed",
    r"\bcm\.get_cmap\b": "matplotlib.cm.get_cmap",
    r"\btrust_remote_code\b": "trust_remote_code",
    r"\btokenizer=tokenizer\b": "Trainer(tokenizer=…) (now processing_class)",
}
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root|opt|Users|home/\w+|tmp|mnt|private/var)/\w|\b[A-Z]:\\Users\\"
)
HOST = re.compile(
    r"\b(?:pypi\.(?:org|python\.org)|pythonhosted\.org|download\.pytorch\.org|npmjs\.(?:org|com)"
    r"|deb(?:ian)?\.debian\.org|conda\.anaconda\.org|crates\.io)\b"
)


@dataclass(frozen=True)
class Chapter:
    """A chapter as it lies in the repository: its source and its stored notebook."""

    name: str
    text: str
    notebook: NotebookNode
    folder: Path

    @classmethod
    def read(cls, source: Path) -> Chapter:
        name = source.relative_to(source.parents[1]).with_suffix("").as_posix()
        notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
        return cls(name, source.read_text(encoding="utf8"), notebook, source.parent)

    @cached_property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @cached_property
    def markdown(self) -> list[str]:
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @cached_property
    def prose(self) -> str:
        """All Markdown without fenced code, code spans, formulas and link targets."""
        return plain("\n\n".join(self.markdown))

    def tagged(self, tag: str) -> list[NotebookNode]:
        return [cell for cell in self.code if tag in tags(cell)]


Rule = Callable[[Chapter], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


def complaints(chapter: Chapter) -> list[str]:
    """What is wrong with the chapter, each line with the rule it breaks; empty when all is well."""
    return [f"{name}: {what}" for name, rule in RULES.items() for what in rule(chapter)]


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def first_line(cell: NotebookNode) -> str:
    return cell.source.strip().partition("\n")[0][:60]


def plain(markdown: str) -> str:
    text = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+).+?\1", "", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"(?<![\\$])\$[^$]+\$", "", text)
    return re.sub(r"\]\([^)]*\)", "]", text)


# The file


@rule
def pair_in_step(chapter: Chapter) -> Iterator[str]:
    config = load_jupytext_config(str(ROOT / "notebooks" / "part" / "name.py"))
    written = jupytext.writes(deepcopy(chapter.notebook), fmt="py:percent", config=config)
    if written != chapter.text:
        lines = zip(written.splitlines(), chapter.text.splitlines(), strict=False)
        where = next((number for number, (a, b) in enumerate(lines, 1) if a != b), "the end")
        yield f"notebook and .py differ from line {where} on: run `lmcourse run`"


@rule
def executed_in_order(chapter: Chapter) -> Iterator[str]:
    counts = [cell.execution_count for cell in chapter.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}"
    for cell in chapter.code:
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"an error is stored under {first_line(cell)!r}"


@rule
def outputs_are_clean(chapter: Chapter) -> Iterator[str]:
    if "widgets" in chapter.notebook.metadata:
        yield "widget state is stored"
    for key in {"papermill", "execution"} & {*chapter.notebook.metadata}:
        yield f"metadata {key} is stored"
    for cell in chapter.code:
        for output in cell.outputs:
            text = str(output.get("text", "")) + str(output.get("data", {}))
            if output.get("name") == "stderr":
                yield f"standard error under {first_line(cell)!r}"
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                yield f"a widget under {first_line(cell)!r}"
            if "\x1b[" in text:
                yield f"terminal colours under {first_line(cell)!r}"
            if found := MACHINE.search(text) or HOST.search(text):
                yield f"{found[0]!r} under {first_line(cell)!r}"


@rule
def metadata_is_known(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.notebook.cells:
        if unknown := {*cell.metadata} - METADATA:
            yield f"metadata {sorted(unknown)} at {first_line(cell)!r}"
        if unknown := {*tags(cell)} - TAGS:
            yield f"tags {sorted(unknown)} at {first_line(cell)!r}"


@rule
def notebooks_stay_small(chapter: Chapter) -> Iterator[str]:
    size = len(nbformat.writes(chapter.notebook).encode()) / 1024
    if size > KILOBYTES:
        yield f"the notebook has {size:.0f} kB of {KILOBYTES}: fewer points, smaller figures"


# The order of things


@rule
def opening(chapter: Chapter) -> Iterator[str]:
    title, *_ = chapter.markdown or [""]
    if not re.match(r"# \S", title) or len(re.findall(r"^# ", chapter.prose, re.M)) != 1:
        yield "the first cell has the title, and there is one title"
    kinds = [(cell.cell_type, tags(cell)) for cell in chapter.notebook.cells[:4]]
    if kinds != [("markdown", []), ("code", ["install"]), ("code", ["parameters"]), ("code", [])]:
        yield "a chapter opens with title, install, parameters, imports"
    elif not chapter.code[2].source.rstrip().endswith("run = session.start(PROFILE, SEED)"):
        yield "the imports cell ends with run = session.start(PROFILE, SEED)"


@rule
def goals(chapter: Chapter) -> Iterator[str]:
    """What the reader will do and needs comes after the opening, before the first section."""
    cells = chapter.notebook.cells
    found = [
        place
        for place, cell in enumerate(cells)
        if cell.cell_type == "markdown"
        and any(word in cell.source for word in ("**You will**", "**You need**"))
    ]
    if len(found) != 1:
        yield f"**You will** and **You need** stand in one Markdown cell, not in {len(found)}"
        return
    before, here = cells[: found[0]], cells[found[0]].source
    _, will, rest = here.partition("**You will**")
    promises, need, _ = rest.partition("**You need**")
    if not (will and need):
        yield "the cell has **You will** and, after it, **You need**"
    if not 3 <= (listed := len(re.findall(r"^[-*] ", promises, re.MULTILINE))) <= 5:
        yield f"**You will** lists 3 to 5 things, not {listed}"
    if not any(cell.cell_type == "code" for cell in before[4:]):
        yield "a picture or a small experiment stands between the imports and **You will**"
    sections = [cell for cell in before if cell.cell_type == "markdown"]
    if any(re.search(r"^## ", cell.source, re.MULTILINE) for cell in sections):
        yield "**You will** stands before the first section"


@rule
def one_parameters_cell(chapter: Chapter) -> Iterator[str]:
    cells = chapter.tagged("parameters")
    if len(cells) != 1:
        yield f"there are {len(cells)} cells tagged parameters"
        return
    try:
        nodes = ast.parse(cells[0].source).body
        values = {node.targets[0].id: ast.literal_eval(node.value) for node in nodes}  # type: ignore
    except (SyntaxError, ValueError, AttributeError):
        yield "the parameters cell holds more than assignments of literals"
        return
    if values.get("PROFILE") != "cpu" or values.get("SEED") != 0:
        yield 'the parameters cell sets PROFILE = "cpu" and SEED = 0'


@rule
def closing(chapter: Chapter) -> Iterator[str]:
    found = re.findall(r"^## (.+)$", chapter.prose, re.MULTILINE)
    ending = ["Summary", "Exercises", "Common mistakes", "Further reading"]
    if "Common mistakes" not in found:
        ending.remove("Common mistakes")
    if found[-len(ending) :] != ending:
        yield f"the last sections are {', '.join(ending)}, not {', '.join(found[-len(ending) :])}"


@rule
def common_mistakes_are_a_list(chapter: Chapter) -> Iterator[str]:
    text = "\n\n".join(chapter.markdown)
    found = re.search(r"^## Common mistakes\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    for line in found[1].splitlines() if found else []:
        if line.strip() and not re.match(r"- \*|  ", line):
            yield f"a mistake is `- *What people get wrong*: …`, not {line[:40]!r}"
            return


@rule
def exercises_are_complete(chapter: Chapter) -> Iterator[str]:
    text = re.sub(r"^> ?", "", "\n\n".join(chapter.markdown), flags=re.MULTILINE)
    announced = len(re.findall(r"\*\*Exercise \d+\.\*\*", text))
    heading = r"^\*\*Exercise (\d+)\.\*\*\s\S[^()]*\((?:★☆☆|★★☆|★★★), \d+ minutes?\)\."
    numbers = [int(number) for number in re.findall(heading, text, re.MULTILINE)]
    if numbers != list(range(1, announced + 1)) or not 3 <= announced <= 5:
        yield (
            "there are 3 to 5 exercises `> **Exercise n.** Title (★☆☆, 5 minutes).`, numbered from "
            f"1; found {numbers}"
        )
    hints = re.findall(r"<details><summary>Hint</summary>\n\n.+?\n\n</details>", text, re.DOTALL)
    if len(hints) != announced:
        yield f"{announced} exercises, {len(hints)} hints in <details><summary>Hint</summary>"
    given, solved = chapter.tagged("exercise"), chapter.tagged("solution")
    if not len(given) == len(solved) == announced:
        yield f"{announced} exercises, {len(given)} stubs, {len(solved)} solutions"
    for number, (stub, solution) in enumerate(zip(given, solved, strict=False), 1):
        yield from _exercise(number, stub, solution)


def _exercise(number: int, stub: NotebookNode, solution: NotebookNode) -> Iterator[str]:
    if not any(_is_stub(node) for node in ast.walk(ast.parse(stub.source))):
        yield f"stub {number} defines no function whose body is a docstring and `...`"
    if not solution.source.startswith(f"# @title Solution {number}\n"):
        yield f"solution {number} does not start with # @title Solution {number}"
    if "hide-cell" not in tags(solution):
        yield f"solution {number} is not tagged hide-cell"
    meta = solution.metadata
    if meta.get("cellView") != "form" or meta.get("jupyter") != {"source_hidden": True}:
        yield f'solution {number} lacks cellView="form" jupyter={{"source_hidden": true}}'
    if not _checker(stub) or _checker(stub) != _checker(solution):
        yield f"stub and solution {number} do not end in the call of one checker"


def _is_stub(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef) or not ast.get_docstring(node):
        return False
    last = node.body[-1]
    return isinstance(last, ast.Expr) and ast.unparse(last) == "..."


def _checker(cell: NotebookNode) -> str | None:
    last = ast.parse(cell.source).body[-1]
    return ast.unparse(last) if isinstance(last, ast.Expr) else None


@rule
def one_sitting(chapter: Chapter) -> Iterator[str]:
    """All that stands between blanks; and words outside of folds, with the code there, by pace."""
    total = sum(len(source.split()) for source in chapter.markdown)
    open_prose = re.sub(r"<details>.*?</details>", "", chapter.prose, flags=re.DOTALL)
    words = len(re.findall(r"\S*\w\S*", open_prose))
    seen = [cell for cell in chapter.code[3:] if not FOLDED & {*tags(cell)}]
    lines = sum(bool(line.strip()) for cell in seen for line in cell.source.splitlines())
    minutes = words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE
    if total > WORDS or minutes > MINUTES:
        yield (
            f"{total} words, {words} of them and {lines} lines of code in sight: "
            f"{minutes:.0f} minutes of reading"
        )


# Code


@rule
def code_cells_are_short(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.code:
        if (length := len(cell.source.strip().splitlines())) > 25:
            yield f"{length} lines in the cell {first_line(cell)!r}"


@rule
def code_lines_are_short(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.code:
        for line in cell.source.splitlines():
            if len(line) > COLUMNS:
                yield f"{len(line)} characters in the line {line.strip()[:60]!r}"


@rule
def layout_is_the_formatters(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.code:
        for found in re.findall(r"#\s*fmt:.*", cell.source):
            yield f"{found!r}: write the code so that it reads well as `ruff format` sets it"


@rule
def claims_only_claim(chapter: Chapter) -> Iterator[str]:
    """A `claims` cell judges what other cells have computed."""
    for cell in chapter.tagged("claims"):
        if others := {*tags(cell)} - {"claims"}:
            yield f"{first_line(cell)!r} is tagged claims and {sorted(others)}: claims stand alone"
        tree = ast.parse(cell.source)
        if not any(_judges(node) for node in ast.walk(tree)):
            yield f"{first_line(cell)!r} is tagged claims and has no check or close"
        for line in _not_claims(tree.body):
            yield f"{line!r} is no claim: compute and show it in a cell of its own"


@rule
def claims_stand_together(chapter: Chapter) -> Iterator[str]:
    """Only a worked solution, folded as a whole, may judge its own numbers."""
    for cell in chapter.code:
        if not {"claims", "solution"} & {*tags(cell)}:
            for node in ast.walk(ast.parse(cell.source)):
                if _judges(node):
                    yield f"{ast.unparse(node)[:60]!r} stands in a cell that is not tagged claims"


def _judges(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("check", "close")
    )


def _not_claims(body: list[ast.stmt]) -> Iterator[str]:
    """First lines of statements that are neither claims nor short assignments for them."""
    for node in body:
        if isinstance(node, ast.For | ast.If):
            yield from _not_claims([*node.body, *node.orelse])
            continue
        claim = isinstance(node, ast.Expr) and (_judges(node.value) or _differentiates(node.value))
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if not (claim or (isinstance(node, ast.Assign | ast.AnnAssign) and lines <= 4)) or any(
            isinstance(inner, ast.Name) and inner.id in ("print", "display", "fit", "plot", "plt")
            for inner in ast.walk(node)
        ):
            yield ast.unparse(node).partition("\n")[0][:60]


def _differentiates(node: ast.expr) -> bool:
    """`loss.backward()`: how one asks torch for the gradient that ours is compared with."""
    called = isinstance(node, ast.Call) and node.func
    return isinstance(called, ast.Attribute) and called.attr == "backward"


@rule
def hidden_code_shows_or_says_what_it_does(chapter: Chapter) -> Iterator[str]:
    """Under a fold lies an output to see, or the fold has a name (`# @title`)."""
    for cell in chapter.tagged("hide-input"):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        printed = any(output.get("text", "").strip() for output in cell.outputs)
        seen = printed or any(kind.startswith(("image/", "text/")) for kind in kinds)
        if not seen and not re.match(r"# @title \S", cell.source):
            yield f"{first_line(cell)!r} is tagged hide-input, shows nothing and has no # @title"


@rule
def no_removed_api(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.code:
        for pattern, name in REMOVED.items():
            if re.search(pattern, cell.source):
                yield f"{name} in {first_line(cell)!r}"


@rule
def outputs_are_compared_by_tag_alone(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.code:
        if re.search(r"^\s*#\s*(NBVAL_|PYTEST_VALIDATE)", cell.source, re.M):
            yield f"an nbval comment in {first_line(cell)!r}: use the tag"


# Prose


@rule
def plain_markdown(chapter: Chapter) -> Iterator[str]:
    for source in chapter.markdown:
        text = plain(source)
        for found in re.findall(r"^:{3,}.*|^`{3,}\{.*|^~{3,}\{.*|^\(.+\)=$", source, re.M):
            yield f"the MyST construct {found!r}"
        for found in re.findall(r"\{[a-z:]+\}`", source):
            yield f"the MyST role {found!r}"
        for found in re.findall(r"</?([a-zA-Z][\w-]*)[^<>]*>|(<!--)", text):
            if (name := found[0] or found[1]) not in ("details", "summary"):
                yield f"the HTML {name!r}"


@rule
def numbers_are_not_typed(chapter: Chapter) -> Iterator[str]:
    """A decimal or a percentage in prose that a cell prints and no code holds."""
    number = r"(?<![\w.,])\d+(?:\.\d+)?(?![\w]|\.\d)"
    outputs = " ".join(
        str(output.get("text", "")) + " " + str(output.get("data", {}).get("text/plain", ""))
        for cell in chapter.code
        for output in cell.outputs
    )
    printed = {float(found) for found in re.findall(number, outputs)}
    fractions = {value for value in printed if value != round(value)}
    sources = "\n".join(cell.source for cell in chapter.code)
    given = {float(found) for found in re.findall(number, sources)}
    unit = r"\s?(?:%|percent\b|per cent\b)"
    for typed, percent in re.findall(rf"({number})({unit})?", chapter.prose):
        decimals = len(typed.partition(".")[2])
        value = float(typed)
        if percent and value == LEVEL:
            continue
        if not (decimals or percent) or value in given or (percent and value / 100 in given):
            continue
        if (
            value in printed
            or (decimals >= 2 and any(round(p, decimals) == value for p in fractions))
            or (percent and any(round(100 * p, decimals) == value for p in fractions))
        ):
            yield f"{typed}{percent} stands in the prose and is printed by a cell"


@rule
def terms_are_bold_once(chapter: Chapter) -> Iterator[str]:
    found = terms(chapter)
    for term in sorted({term for term in found if found.count(term) > 1}):
        yield f"{term!r} is bold {found.count(term)} times"


def terms(chapter: Chapter) -> list[str]:
    """Terms that the chapter introduces: bold, lower case, three words at most."""
    body = re.split(r"^## Exercises", chapter.prose, flags=re.MULTILINE)[0]
    bold = [" ".join(found.split()) for found in re.findall(r"\*\*([^*]+)\*\*", body)]
    short = re.compile(r"[a-z][\w–-]*( [\w–-]+){0,2}")
    return [term for term in bold if short.fullmatch(term) and term.islower()]


@rule
def figures_have_alt_text(chapter: Chapter) -> Iterator[str]:
    for cell in chapter.code:
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if any(kind.startswith("image/") for kind in kinds):
            alt: Any = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            if len(alt.split()) < 8:
                yield f"the figure of {first_line(cell)!r} has no alt text that says what one sees"


@rule
def links_resolve(chapter: Chapter) -> Iterator[str]:
    text = re.sub(r"(`+).+?\1", "", "\n\n".join(chapter.markdown), flags=re.DOTALL)
    for target in re.findall(r"\]\(<?([^)\s>]+)", text):
        if re.match(r"https?://\S+\.\S+", target) or target.startswith("#"):
            continue
        if ":" in target or not (chapter.folder / target.partition("#")[0]).exists():
            yield f"the link {target!r}"


@rule
def formulas_are_numbered(chapter: Chapter) -> Iterator[str]:
    found = formula_tags(chapter)
    if found != [str(number) for number in range(1, len(found) + 1)]:
        yield f"formula tags are {found}"


def formula_tags(chapter: Chapter) -> list[str]:
    return re.findall(r"\\tag\{([^}]*)\}", "\n".join(chapter.markdown))


@rule
def headings_descend(chapter: Chapter) -> Iterator[str]:
    levels = [len(found) for found in re.findall(r"^(#+) ", chapter.prose, re.MULTILINE)]
    if any(after > before + 1 for before, after in pairwise(levels)):
        yield f"headings skip a level: {levels}"
