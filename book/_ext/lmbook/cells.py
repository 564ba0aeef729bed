"""What the other modules ask of a notebook's code cell in the document tree of myst-nb."""

from collections.abc import Iterable

from docutils import nodes

SOURCE, OUTPUT = "cell_code_source", "cell_code_output"


def code_cells(document: nodes.Element) -> list[nodes.container]:
    """Every code cell of a chapter, in order."""
    return [node for node in document.findall(nodes.container) if is_cell(node)]


def is_cell(node: nodes.Node) -> bool:
    """Whether `node` is a whole code cell, with its output if it has one."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def tagged(node: nodes.Node, tag: str) -> bool:
    """Whether `node` is a code cell with this tag."""
    return is_cell(node) and f"tag_{tag}" in node["classes"]


def parts(cell: nodes.Element, kind: str) -> list[nodes.Element]:
    """The source (`SOURCE`) or the output (`OUTPUT`) of a cell, each at most once."""
    return [c for c in cell.findall(nodes.container) if c.get("nb_element") == kind]


def code(cell: nodes.Element) -> str:
    """The code of a cell."""
    return "\n".join(block.astext() for part in parts(cell, SOURCE) for block in _blocks(part))


def printed(cell: nodes.Element) -> list[nodes.literal_block]:
    """The pieces of text that a cell printed, tracebacks included."""
    blocks = (block for part in parts(cell, OUTPUT) for block in _blocks(part))
    return [block for block in blocks if {"stream", "traceback"} & set(block["classes"])]


def text_outputs(document: nodes.Element) -> list[nodes.literal_block]:
    """Every text output of a chapter: printed, or the plain form of a last expression."""
    return [block for block in _blocks(document) if "output" in block["classes"]]


def shows_table(cell: nodes.Element) -> bool:
    """Whether a cell displays a table, as pandas does."""
    return any("<table" in raw.astext() for raw in cell.findall(nodes.raw))


def shows_picture(cell: nodes.Element) -> bool:
    """Whether a cell displays an image, or HTML that is no table, such as an inline drawing."""
    kinds = (node.get("mime_type", "") for node in cell.findall(nodes.container))
    drawn = any(kind.startswith("image/") or kind == "text/html" for kind in kinds)
    return drawn and not shows_table(cell)


def _blocks(node: nodes.Element) -> Iterable[nodes.literal_block]:
    return node.findall(nodes.literal_block)
