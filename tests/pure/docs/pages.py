"""The pages of documentation as texts: where they stand, their generated blocks, fences, links and code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
README = ROOT / "README.md"

_BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)
_FENCE = re.compile(r"^```(?P<kind>[a-z]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Fence(NamedTuple):
    """A block of code: its language and text."""

    kind: str
    text: str


def pages() -> list[Path]:
    """The README and every page below docs/."""
    return [README, *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    """`docs/start.md`, for messages."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> dict[str, str]:
    """The generated blocks of a page by name."""
    return {found["name"]: found["text"] for found in _BLOCK.finditer(text)}


def rewritten(text: str, made: dict[str, str]) -> str:
    """The page with its generated blocks as they should be. KeyError for a block that nobody makes."""
    return _BLOCK.sub(lambda found: f"{found[1]}{made[found['name']]}\n{found[4]}", text)


def fences(text: str, kind: str | None = None) -> list[Fence]:
    """The blocks of code, of one language or all."""
    found = [Fence(each["kind"], each["text"]) for each in _FENCE.finditer(text)]
    return [each for each in found if kind in (None, each.kind)]


def prose(text: str) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", text)


def code(text: str) -> Iterator[str]:
    """All that is written as code: spans and the lines of blocks, drawings left out."""
    yield from _SPAN.findall(prose(text))
    for fence in fences(text):
        if fence.kind != "mermaid":
            yield from fence.text.splitlines()


def links(text: str) -> list[str]:
    """The targets of all links."""
    return [found["target"] for found in _LINK.finditer(prose(text))]


def anchors(text: str) -> set[str]:
    """What a link may name after `#`, by GitHub's rule."""
    found = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(text)))
    return set(found)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
