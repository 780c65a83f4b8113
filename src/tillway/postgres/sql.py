"""Named statements in a room's `*.sql` file, so that SQL is read, indented and searched as SQL.

    -- name: claim_lease
    -- Takes the lease when it is free or past its time.
    UPDATE journal.leases SET ...

A block's text is all lines up to the next `-- name:`; comments stay, so that the database's own views show them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

_HEADER = re.compile(r"^-- name: *(.*?) *$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class Statements(Mapping[str, str]):
    """The named blocks of one file, by key (`sql["claim_lease"]`) or attribute (`sql.claim_lease`); read-only."""

    __slots__ = ("_blocks", "_origin")

    def __init__(self, origin: str, blocks: Mapping[str, str]) -> None:
        self._origin = origin
        self._blocks = dict(blocks)

    def __getitem__(self, name: str) -> str:
        return self._blocks[name]

    def __getattr__(self, name: str) -> str:
        try:
            return self._blocks[name]
        except KeyError:
            raise AttributeError(f"{self._origin} has no statement {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


def parse(text: str, origin: str = "sql") -> Statements:
    """The blocks of a text. ValueError: text before the first name, a name twice or not snake_case, an empty block."""
    pieces = _HEADER.split(text)
    if re.sub(r"--[^\n]*", "", pieces[0]).strip():
        raise ValueError(f"{origin}: a statement stands before the first '-- name:'")
    blocks: dict[str, str] = {}
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if not _NAME.match(name):
            raise ValueError(f"{origin}: {name!r} is not a snake_case name")
        if name in blocks:
            raise ValueError(f"{origin}: the name {name!r} occurs twice")
        statement = body.strip().removesuffix(";").rstrip()
        if not re.sub(r"--[^\n]*", "", statement).strip():
            raise ValueError(f"{origin}: {name!r} has no statement")
        blocks[name] = statement
    return Statements(origin, blocks)


@cache
def load(package: str, resource: str) -> Statements:
    """The named statements of `resource` inside `package`, e.g. `load("tillway.journal", "journal.sql")`."""
    return parse(resources.files(package).joinpath(resource).read_text("utf-8"), f"{package}/{resource}")
