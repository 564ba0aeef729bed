"""What a chapter's outputs depend on, read from syntax trees: definitions and packages.

The unit is the top-level definition: a function, a class, an assignment. A chapter reaches those
that its code names, those that they name, and so on, also through imports inside functions. So a
changed function concerns the chapters that use it and no others. Docstrings, comments and layout
do not count.

Where reading cannot tell, more is taken rather than less: a module that is named without one of its
attributes counts whole, and so do statements that run when a module is imported.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from lmcourse.runner.find import read_text

PACKAGE = "lmcourse"
DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
OPAQUE = {"lmcourse.data.download"}  # how a file came here does not change what is in it


class Target(NamedTuple):
    """What a name stands for: a definition of a module.

    Without a member the whole module; with the empty one, what runs when it is imported.
    """

    module: str
    member: str | None = None


@dataclass
class Reached:
    """Everything that some code depends on: definitions with their statements, and top packages."""

    definitions: dict[Target, list[ast.stmt]] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)

    @property
    def modules(self) -> set[str]:
        """Modules of lmcourse of which something is reached."""
        return {target.module for target in self.definitions}


@dataclass(frozen=True)
class Module:
    """One file of the package, its top-level statements sorted by what they define."""

    name: str
    path: Path

    @cached_property
    def body(self) -> list[ast.stmt]:
        """Top-level statements, without those that only a type checker reads."""
        return [node for node in ast.parse(read_text(self.path)).body if not _for_types(node)]

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """The statements that define each name, in order."""
        found: dict[str, list[ast.stmt]] = {}
        for node in self.body:
            for name in _defined(node):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def on_import(self) -> list[ast.stmt]:
        """Statements that do something when the module is imported, beyond defining names."""
        quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return [
            node
            for node in self.body
            if not (isinstance(node, quiet) or _defined(node) or _is_docstring(node))
        ]


class Library:
    """The modules of `root/lmcourse`, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """The module of that dotted name; None when there is no such file."""
        if name not in self._modules:
            path = self.root.joinpath(*name.split("."))
            files = [path.with_suffix(".py"), path / "__init__.py"]
            found = next((file for file in files if file.is_file()), None)
            self._modules[name] = Module(name, found) if found else None
        return self._modules[name]

    def reach(self, code: list[ast.stmt]) -> Reached:
        """What `code` (the statements of a chapter) depends on."""
        found, seen = Reached(), set[Target]()
        waiting = [*self._uses(code, {}, found)]
        while waiting:
            target = waiting.pop()
            module = self.module(target.module)
            if module is None or target.module in OPAQUE or target in seen:
                continue
            seen.add(target)
            imported = _bindings(module.body, module)
            if target.member is None:
                waiting += [Target(module.name, name) for name in ["", *module.definitions]]
                continue
            if target.member in imported:
                waiting.append(self._resolve(imported[target.member], []))
                continue
            if target.member == "":
                statements = module.on_import
                waiting += self._imports(imported.values())
                waiting += [Target(parent, "") for parent in _parents(module.name)]
            else:
                statements = module.definitions.get(target.member, [])
                waiting.append(Target(module.name, ""))
            if statements:
                found.definitions[target] = statements
                own = {name: Target(module.name, name) for name in module.definitions}
                waiting += self._uses(statements, imported | own, found)
        return found

    def _uses(
        self, code: list[ast.stmt], outer: dict[str, Target], found: Reached
    ) -> Iterator[Target]:
        """Targets that the names in `code` stand for; packages go into `found`."""
        local = _bindings(node for top in code for node in ast.walk(top))
        found.packages |= {_top(target) for target in local.values()} - {PACKAGE}
        yield from self._imports(local.values())
        names = outer | local
        for first, *attributes in (chain for node in code for chain in _chains(node)):
            target = names.get(first)
            if target and _top(target) == PACKAGE:
                yield self._resolve(target, attributes)
            elif target:
                found.packages.add(_top(target))

    def _imports(self, targets: Iterable[Target]) -> Iterator[Target]:
        """What runs when names that stand for `targets` are imported."""
        for target in targets:
            if _top(target) == PACKAGE:
                everything = target.member == "*"
                yield Target(self._resolve(target, []).module, None if everything else "")

    def _resolve(self, target: Target, attributes: list[str]) -> Target:
        """`target` followed along `attributes`: into submodules, then to one definition."""
        module, member = target
        for name in [*([member] if member else []), *attributes]:
            inner = f"{module}.{name}"
            if self.module(inner) is None:
                return Target(module, name)
            module = inner
        return Target(module)


def fingerprint(code: Iterable[ast.AST]) -> str:
    """Twelve hexadecimal digits that change with what the statements do, on every Python alike."""
    text = "\n".join(_canonical(node) for node in code)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _canonical(node: object) -> str:
    """A syntax tree as text, without positions, docstrings and what Python versions add to it."""
    if isinstance(node, list):
        return "[" + ",".join(map(_canonical, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name in ("type_params", "type_comment", "type_ignores", "kind", "ctx"):
            continue
        if name == "body" and isinstance(node, DOCUMENTED) and _is_docstring(value[0]):
            value = value[1:]
        if value is not None and value != []:
            fields.append(f"{name}={_canonical(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _bindings(body: Iterable[ast.AST], module: Module | None = None) -> dict[str, Target]:
    """What the import statements in `body` make names stand for."""
    found: dict[str, Target] = {}
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = Target(alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            for alias in node.names:
                found[alias.asname or alias.name] = Target(base, alias.name)
    return found


def _absolute(node: ast.ImportFrom, module: Module | None) -> str:
    """The dotted name that `from … import` means; a relative one counts from `module`."""
    if not node.level or module is None:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _chains(node: ast.AST) -> Iterator[list[str]]:
    """Every name in `node` with the attributes that follow it: `plot.bars` is [plot, bars]."""
    attributes: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        attributes.insert(0, inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        yield [inner.id, *attributes]
        return
    for child in ast.iter_child_nodes(inner if attributes else node):
        yield from _chains(child)


def _defined(node: ast.stmt) -> list[str]:
    """The names that a top-level statement defines and does nothing else."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    names: list[str] = []
    for target in targets:
        inside = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        if not all(isinstance(name, ast.Name) for name in inside):
            return []
        names += [name.id for name in inside if isinstance(name, ast.Name)]
    return names


def _is_docstring(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _top(target: Target) -> str:
    return target.module.partition(".")[0]


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
