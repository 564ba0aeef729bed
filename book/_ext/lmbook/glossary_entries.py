"""The glossary as data: `book/glossary/<part>/<chapter>.toml`, read and checked.

Each chapter's file holds the terms that it introduces:

    [[term]]
    english = "perplexity"
    chinese = "困惑度"
    definition = "The exponential of the cross-entropy."
    forms = ["perplexing"]  # only if chapters write the term in other ways than its plural
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FIELDS = ("english", "chinese", "definition")
BOLD = re.compile(r"\*\*([^*]+)\*\*")


class GlossaryError(ValueError):
    """An entry that cannot stand, with its file and what to do."""


@dataclass(frozen=True)
class Entry:
    """One term; `chapter` is the one whose file it stands in."""

    english: str
    chinese: str
    definition: str
    chapter: str
    forms: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file it stands in, from the root of the repository."""
        return f"book/glossary/{self.chapter}.toml"

    @cached_property
    def spellings(self) -> frozenset[str]:
        """Every way to write the term, singular and plural, in lower case."""
        written = [form.casefold() for form in (self.english, *self.forms)]
        return frozenset(plural for form in written for plural in _with_plurals(form))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the term in lower-case prose, as whole words."""
        longest_first = sorted(self.spellings, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")


def _with_plurals(form: str) -> Iterator[str]:
    yield form
    yield f"{form}s"
    yield f"{form}es"
    if form.endswith("y"):
        yield f"{form[:-1]}ies"


def words(text: str) -> str:
    """`text` in lower case with single spaces and without dollar signs, as terms are compared."""
    return " ".join(text.replace("$", "").casefold().split())


def prose(markdown: str) -> str:
    """Markdown without code, displayed formulas and link targets."""
    text = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+).+?\1", "", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


def bold(markdown: str) -> set[str]:
    """What `markdown` prints in bold, as terms are compared."""
    return {words(found) for found in BOLD.findall(prose(markdown))}


def read_file(path: Path, chapter: str) -> list[Entry]:
    """The entries of one chapter's file.

    Raises:
        GlossaryError: not TOML, a missing field, or one that nobody knows.
    """
    file = f"book/glossary/{chapter}.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GlossaryError(f"{file} is not TOML: {error}. Mend the file.") from None
    tables = data.get("term", [])
    if set(data) - {"term"} or not isinstance(tables, list):
        raise GlossaryError(f"{file}: write every entry under a line [[term]], and nothing else.")
    return [_entry(table, file, chapter) for table in tables]


def _entry(table: dict[str, Any], file: str, chapter: str) -> Entry:
    name = table.get("english") or "an entry without english"
    if unknown := sorted(set(table) - {*FIELDS, "forms"}):
        raise GlossaryError(
            f"{file}: {name!r} has the unknown key {unknown[0]!r}; "
            f"the keys are {', '.join(FIELDS)} and forms."
        )
    for field in FIELDS:
        value = table.get(field)
        if not isinstance(value, str) or not value.strip():
            raise GlossaryError(_missing(file, name, field))
    forms = table.get("forms", [])
    if not isinstance(forms, list) or not all(isinstance(form, str) for form in forms):
        raise GlossaryError(f'{file}: the forms of {name!r} are a list, as forms = ["causal"].')
    english, chinese, definition = (table[field].strip() for field in FIELDS)
    return Entry(english, chinese, definition, chapter, tuple(forms))


def _missing(file: str, name: str, field: str) -> str:
    if field != "chinese":
        return f'{file}: {name!r} has no {field}; add {field} = "…" to it.'
    return (
        f'{file}: {name!r} has no 中文; add chinese = "…" to it '
        "(the English word again where Chinese texts use it)."
    )


@dataclass(frozen=True)
class Glossary:
    """All entries in alphabetical order, and for each the chapter that introduces it."""

    entries: tuple[Entry, ...]
    introduced: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, chapters: Mapping[str, str]) -> "Glossary":
        """Read every chapter's file.

        Args:
            folder: `book/glossary`.
            chapters: the Markdown of every chapter, in reading order.

        Raises:
            GlossaryError: a file without a chapter, a broken or double entry, one nobody uses.
        """
        entries = list(_all_entries(folder, chapters))
        _refuse_doubles(entries)
        texts = {chapter: words(prose(text)) for chapter, text in chapters.items()}
        for entry in entries:
            _refuse_unused(entry, texts)
        marked = {chapter: bold(text) for chapter, text in chapters.items()}
        return cls(
            tuple(sorted(entries, key=lambda entry: words(entry.english))),
            {entry.english: introduced(entry, marked) for entry in entries},
        )

    @cached_property
    def by_spelling(self) -> dict[str, Entry]:
        return {spelling: entry for entry in self.entries for spelling in entry.spellings}

    def find(self, text: str) -> Entry | None:
        """The entry that `text` names, in singular or plural, in any case."""
        return self.by_spelling.get(words(text))


def introduced(entry: Entry, marked: Mapping[str, set[str]]) -> str:
    """The first chapter that prints the term in bold, or else the one whose file it stands in."""
    found = (chapter for chapter, bolds in marked.items() if not bolds.isdisjoint(entry.spellings))
    return next(found, entry.chapter)


def _all_entries(folder: Path, chapters: Mapping[str, str]) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*.toml")):
        chapter = path.relative_to(folder).with_suffix("").as_posix()
        if chapter not in chapters:
            raise GlossaryError(
                f"book/glossary/{chapter}.toml: there is no chapter {chapter!r} in _toc.yml; "
                "rename the file after its chapter, or remove it."
            )
        yield from read_file(path, chapter)


def _refuse_doubles(entries: Sequence[Entry]) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        for form in (entry.english, *entry.forms):
            other = seen.setdefault(form.casefold(), entry)
            if other is not entry:
                raise GlossaryError(
                    f"{form!r} is defined twice, in {other.file} and in {entry.file}; "
                    "keep it in the chapter that introduces it."
                )


def _refuse_unused(entry: Entry, texts: Mapping[str, str]) -> None:
    if entry.pattern.search(texts[entry.chapter]):
        return
    others = [chapter for chapter, text in texts.items() if entry.pattern.search(text)]
    if not others:
        raise GlossaryError(f"{entry.file}: no chapter uses {entry.english!r}; remove the entry.")
    raise GlossaryError(
        f"{entry.file}: this chapter does not use {entry.english!r}; "
        f"move the entry to book/glossary/{others[0]}.toml, whose chapter does."
    )
