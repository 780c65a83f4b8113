"""A write made of parts: rooms hand out `Part` values, one statement carries them all in one round trip.

Each part becomes one CTE. Postgres runs all CTEs of a statement on one snapshot and in no promised order: a part does
not see the rows another part writes, and reads another part's RETURNING rows only by its name. A select that nothing
refers to would not run at all, so the closing select counts the rows of every part that only selects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

COMPOSED_STATEMENTS = 1024
"""Composed statements kept, by the names and texts of their parts; a hub uses a few dozen, each perhaps 4 KB."""

_PLACEHOLDER = re.compile(r"\$(\d+)")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SELECTS = re.compile(r"\s*(?:SELECT|VALUES|TABLE)\b", re.IGNORECASE)
_WITH = re.compile(r"\s*WITH\b", re.IGNORECASE)
_CHANGES = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO)\b|(?<!\bFOR )(?<!\bKEY )\bUPDATE\b", re.IGNORECASE
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,55}\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One CTE of a write.

    `name` is snake_case and names the CTE. `sql` is one INSERT, UPDATE, DELETE, MERGE or SELECT without a closing
    semicolon, with its own placeholders `$1..$n`; a `$` followed by a digit inside a string literal is not supported.
    `args` are the values of the placeholders, in order. `wakes` names a channel to nudge once the write is committed.
    """

    name: str
    sql: str
    args: tuple[Any, ...] = ()
    wakes: str = ""


def compose(parts: tuple[Part, ...]) -> tuple[str, list[Any]]:
    """One statement and its arguments. A name that occurs again gets `_2`, `_3`, ... so that a kind of part may repeat.

    ValueError: no parts, a name that is not snake_case, or a part whose highest placeholder is not its argument count.
    """
    args: list[Any] = []
    for part in parts:
        args.extend(part.args)
    sql, count = _statement(tuple([(part.name, part.sql, len(part.args)) for part in parts]))
    if count != len(args):  # pragma: no cover - the key holds the counts
        raise AssertionError("unreachable")
    return sql, args


@lru_cache(maxsize=COMPOSED_STATEMENTS)
def _statement(shapes: tuple[tuple[str, str, int], ...]) -> tuple[str, int]:
    """The text for parts of these (name, sql, argument count), and the number of its placeholders."""
    if not shapes:
        raise ValueError("a write needs at least one part")
    ctes: list[str] = []
    counted: list[str] = []
    used: set[str] = set()
    offset = 0
    for name, sql, count in shapes:
        _check(name, sql, count)
        unique = _unused(name, used)
        used.add(unique)
        ctes.append(f"{unique} AS (\n{_shifted(sql, offset)}\n)")
        if _only_selects(sql):
            counted.append(f"(SELECT count(*) FROM {unique})")  # noqa: S608 - a name that passed _NAME
        offset += count
    return "WITH " + ",\n".join(ctes) + "\nSELECT " + (" + ".join(counted) or "1"), offset


def _check(name: str, sql: str, count: int) -> None:
    if not _NAME.match(name):
        raise ValueError(f"part name {name!r} is not snake_case of at most 56 characters")
    highest = max((int(number) for number in _PLACEHOLDER.findall(sql)), default=0)
    if highest != count:
        raise ValueError(f"part {name}: placeholders go up to ${highest}, arguments are {count}")


def _unused(name: str, used: set[str]) -> str:
    unique, number = name, 1
    while unique in used:
        number += 1
        unique = f"{name}_{number}"
    return unique


def _shifted(sql: str, offset: int) -> str:
    return _PLACEHOLDER.sub(lambda match: f"${int(match.group(1)) + offset}", sql) if offset else sql


def _only_selects(sql: str) -> bool:
    bare = _COMMENT.sub(" ", sql)
    return bool(_SELECTS.match(bare)) or bool(_WITH.match(bare) and not _CHANGES.search(bare))
