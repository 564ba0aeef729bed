"""`lmcourse new`: a chapter that runs and passes its tests before it says anything."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path

from lmcourse.errors import UnknownName
from lmcourse.files import replace_text
from lmcourse.runner import addresses
from lmcourse.runner.contents import with_chapter
from lmcourse.runner.find import ChapterError

WORD = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
LONGEST = 50
COLUMNS = 80
FILES = {
    "notebooks/{part}/{name}.py": "chapter.py",
    "lmcourse/exercises/{part}/__init__.py": "exercises_part.py",
    "lmcourse/exercises/{part}/{name}.py": "exercises.py",
    "tests/chapters/{part}/{name}/test_formulas.py": "test_formulas.py",
    "tests/chapters/{part}/{name}/mistakes.py": "mistakes.py",
    "book/glossary/{part}/{name}.toml": "glossary.toml",
}


def new(root: Path, name: str) -> list[Path]:
    """Write every file of a chapter and its line in _toc.yml; return what was written.

    Raises:
        UnknownName: `name` is not part/name in lower case, or no name for Python.
        ChapterError: something of the chapter exists; nothing is written.
    """
    _refuse_malformed(name)
    part, short = name.split("/")
    texts = {
        root / path.format(part=part, name=short): _filled(template, part, short)
        for path, template in FILES.items()
    }
    package = root / "lmcourse" / "exercises" / part / "__init__.py"
    if package.exists():
        del texts[package]
    module = package.parent.with_suffix(".py")
    for path in (*texts, root / "notebooks" / f"{name}.ipynb", module):
        if path.exists():
            raise ChapterError(f"{path.relative_to(root).as_posix()} exists; choose another name.")
    contents = root / "_toc.yml"
    texts[contents] = with_chapter(contents, part, short)
    _write_all_or_nothing(texts)
    return [*texts]


def _refuse_malformed(name: str) -> None:
    if not re.fullmatch(f"{WORD}/{WORD}", name):
        raise UnknownName(
            f"chapter name {name!r} is not of the form part/name in lower-case letters, digits "
            "and underscores, each beginning with a letter, as probability/softmax."
        )
    if words := [word for word in name.split("/") if keyword.iskeyword(word)]:
        raise UnknownName(
            f"chapter name {name!r} cannot be imported from lmcourse/exercises, as {words[0]!r} "
            "is a keyword of Python; choose another name."
        )
    if len(name) > LONGEST:
        raise UnknownName(
            f"chapter name {name!r} has more than {LONGEST} characters; choose a shorter one."
        )


def _filled(template: str, part: str, name: str) -> str:
    """The text of a template with every `@key@` replaced."""
    file = resources.files("lmcourse.runner") / "templates" / f"{template}.template"
    text = file.read_text(encoding="utf8")
    values = {
        "part": part,
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "import": _import_of_exercises(part, name),
        "repository": addresses.repository(),
    }
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _import_of_exercises(part: str, name: str) -> str:
    line = f"from lmcourse.exercises.{part} import {name} as exercises"
    if len(line) <= COLUMNS:
        return line
    return f"from lmcourse.exercises.{part} import (\n    {name} as exercises,\n)"


def _write_all_or_nothing(texts: dict[Path, str]) -> None:
    """Write the files in order; when one fails, all is as it was.

    The last may replace a file: it is replaced whole or not at all, and nothing follows it.
    """
    written: list[Path] = []
    folders: list[Path] = []
    try:
        for path, text in texts.items():
            missing = [folder for folder in path.parents if not folder.exists()]
            folders += reversed(missing)
            written += [path] if not path.exists() else []
            replace_text(path, text)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        for folder in reversed(folders):
            if folder.is_dir():
                folder.rmdir()
        raise
