"""What stands in the files by section, and whether a reference leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tillway.landscape.problem import Path, Problem, meant


@dataclass(frozen=True, slots=True)
class Declared:
    """Ids that stand in the files by section, broken entries included, so that one mistake is told once."""

    ids: Mapping[str, AbstractSet[str]]

    def of(self, section: str) -> AbstractSet[str]:
        """Ids that a section declares."""
        return self.ids.get(section, frozenset())


def refers(path: Path, what: str, key: str | None, known: Iterable[str]) -> Iterator[Problem]:
    """A finding when a reference names nothing that is known."""
    if key is not None and key not in known:
        yield Problem(path=path, text=f"there is no {what} {key!r}", remedy=meant(key, known) or f"declare a {what}")
