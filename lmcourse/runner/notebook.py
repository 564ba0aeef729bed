"""A chapter as a notebook: made from its py:percent file, and written as the text of an .ipynb.

`<name>.py` is the truth; `<name>.ipynb` beside it differs from `to_notebook` in the outputs alone.
"""

from __future__ import annotations

import ast
import hashlib
import json
from copy import deepcopy
from typing import Any

from nbformat import NotebookNode

from lmcourse.runner.find import Chapter, ChapterError

FORMAT = "py:percent"
LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
INJECTED = "injected-parameters"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def to_notebook(chapter: Chapter) -> NotebookNode:
    """The chapter's notebook without outputs: cell ids come from the sources, so they last."""
    import jupytext

    try:
        notebook = jupytext.reads(chapter.text(), fmt=FORMAT)
    except ChapterError:
        raise
    except Exception as error:  # a header that is YAML but not jupytext's, in whatever way
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ChapterError(f"{chapter.name} cannot be read as {FORMAT}: {reason}.") from None
    notebook.metadata.setdefault("kernelspec", KERNEL)
    notebook.metadata["language_info"] = LANGUAGE
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    used: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            raise ChapterError(f"{chapter.name} has a header that is not valid YAML.")
        if "incorrectly_encoded_metadata" in cell.metadata:
            options = cell.metadata["incorrectly_encoded_metadata"]
            raise ChapterError(f"{chapter.name} has a cell whose options cannot be read: {options}")
        copy = 0
        while (name := _cell_id(cell, copy)) in used:
            copy += 1
        used.add(name)
        cell["id"] = name
    return notebook


def parameters(notebook: NotebookNode) -> dict[str, Any]:
    """Names and default values of the cell tagged `parameters`; empty without one."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            return _assignments(cell.source)
    return {}


def with_stored_outputs(fresh: NotebookNode, stored: NotebookNode) -> NotebookNode:
    """`fresh` with the outputs that `stored`, the same code cells in the same order, holds.

    A cell of injected parameters is kept behind the parameters that it replaces.
    """
    result = deepcopy(fresh)
    done = [cell for cell in stored.cells if cell.cell_type == "code"]
    injected = [done.pop(i) for i in reversed(range(len(done))) if is_injected(done[i])]
    code = [cell for cell in result.cells if cell.cell_type == "code"]
    for cell, old in zip(code, done, strict=True):
        cell.execution_count, cell.outputs = old.execution_count, old.outputs
    for position, cell in enumerate(result.cells):
        if injected and "parameters" in cell.metadata.get("tags", []):
            result.cells[position + 1 : position + 1] = injected
            break
    return result


def is_injected(cell: NotebookNode) -> bool:
    """Whether papermill added this cell to set parameters."""
    return INJECTED in cell.metadata.get("tags", [])


def dumps(notebook: NotebookNode) -> str:
    """The notebook as the text of an .ipynb file.

    Keys are sorted, as Jupyter does it, except in the cells' metadata: there they keep the order
    of the .py, which could not be recovered otherwise.
    """
    import nbformat
    from nbformat.v4.rwbase import split_lines

    nbformat.validate(notebook)
    tidy = nbformat.from_dict(_sorted(notebook))
    for cell, given in zip(tidy.cells, notebook.cells, strict=True):
        cell.metadata = given.metadata
    return json.dumps(split_lines(tidy), indent=1, ensure_ascii=False) + "\n"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _cell_id(cell: NotebookNode, copy: int) -> str:
    content = f"{cell.cell_type}\n{copy}\n{cell.source}"
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def _assignments(source: str) -> dict[str, Any]:
    values = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                values[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                raise ChapterError(f"parameter {node.targets[0].id} is not a literal.") from None
    return values
