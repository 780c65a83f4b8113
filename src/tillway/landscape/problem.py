"""What is wrong with a landscape: every finding with its place and remedy, raised all at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from tillway.errors import Misconfigured

Path = tuple[str | int, ...]

# A file full of mistakes is fixed in rounds; more would scroll the first ones away.
SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the landscape's files; lines count from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Where everything of a landscape stands: the place of every key and item in its YAML files."""

    places: Mapping[Path, Mark] = field(default_factory=dict)

    def at(self, path: Path) -> Mark | None:
        """The place of a path, or of the nearest thing around it that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One finding: the path in the landscape, what is wrong, what to do, and the place if known."""

    path: Path
    text: str
    remedy: str = ""
    mark: Mark | None = None

    def __str__(self) -> str:
        place = f"{self.mark.file}:{self.mark.line}: " if self.mark else ""
        where = f"{dotted(self.path)}: " if self.path else ""
        return f"{place}{where}{self.text}" + (f" ({self.remedy})" if self.remedy else "")


class InvalidLandscape(Misconfigured):
    """The landscape does not hold together; `problems` has every finding, in order of place."""

    code: ClassVar[str] = "invalid-landscape"
    title: ClassVar[str] = "The landscape does not hold together"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_by_place))
        count = len(self.problems)
        lines = [f"the landscape has {count} error{'' if count == 1 else 's'}"]
        lines += [f"  {problem}" for problem in self.problems[:SHOWN_MAX]]
        if count > SHOWN_MAX:
            lines.append(f"  and {count - SHOWN_MAX} more")
        super().__init__("\n".join(lines), remedy="correct the places named and read the landscape again")


def dotted(path: Path) -> str:
    """A path as people write it: `shops.berlin.tills`, `outbound.allow_networks[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def meant(word: str, known: Iterable[str]) -> str:
    """`did you mean x?` for the closest known word, else the known words, else nothing."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known are: {', '.join(words)}" if words else ""


def _by_place(problem: Problem) -> tuple[str, int, str]:
    mark = problem.mark or Mark("", 0)
    return (mark.file, mark.line, dotted(problem.path))
