"""The papers under `## Further reading`, read from the chapters' Markdown.

An item names a paper as `- Bridle (1990), [Title](https://…): what it adds.`, or several so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SECTION = re.compile(r"^## Further reading$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"^- (.*?)(?=^- |^\n|\Z)", re.MULTILINE | re.DOTALL)
NAME = r"(?:(?:van|von|de|der|den|du|di|la|le|dos) )*[^\W\d_a-z][\w’'.–-]*"
AUTHOR = rf"{NAME}(?: {NAME})*"
AUTHORS = rf"{AUTHOR}(?:, {AUTHOR})*(?:,? and {AUTHOR}| et al\.)?"
PAPER = re.compile(
    rf"(?P<authors>{AUTHORS})(?: \((?P<year>\d{{4}})\))?, "
    r"\[(?P<title>[^\]]+)\]\((?P<link>[^)\s]+)\)"
)
FORM = "- Author (year), [Title](https://…): what it adds."


class ReadingError(ValueError):
    """An item of further reading that cannot be read, with its chapter and the form it needs."""


@dataclass
class Paper:
    """One paper, and the chapters that cite it, in reading order."""

    authors: str
    year: str
    title: str
    link: str
    chapters: list[str]

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands in the list: by author, year and title."""
        return self.authors.casefold(), self.year, self.title.casefold()


def papers(chapters: Mapping[str, str]) -> list[Paper]:
    """Every paper of the chapters' lists once, by author and year.

    Where chapters name the same link differently, the longer title and authors are kept.

    Raises:
        ReadingError: an item in which no paper, or not every link, is understood.
    """
    found: dict[str, Paper] = {}
    for chapter, markdown in chapters.items():
        for paper in listed(chapter, markdown):
            known = found.setdefault(paper.link, paper)
            known.authors = max(known.authors, paper.authors, key=len)
            known.title = max(known.title, paper.title, key=len)
            known.year = known.year or paper.year
            if chapter not in known.chapters:
                known.chapters.append(chapter)
    return sorted(found.values(), key=lambda paper: paper.place)


def listed(chapter: str, markdown: str) -> Iterator[Paper]:
    """The papers of one chapter's list."""
    section = SECTION.search(markdown)
    for item in ITEM.findall(section[1]) if section else ():
        text = " ".join(item.split())
        matches = list(PAPER.finditer(text))
        if not matches or len(matches) < text.count("]("):
            raise ReadingError(
                f"notebooks/{chapter}.py, Further reading: no author and link in {text!r}; "
                f"write it as “{FORM}”"
            )
        for match in matches:
            year = match["year"] or ""
            yield Paper(match["authors"], year, match["title"], match["link"], [chapter])
