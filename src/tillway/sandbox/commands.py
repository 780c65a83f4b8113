"""The commands that a list of records is written with.

`[0, 0, values]` create, `[1, id, values]` update, `[2, id, 0]` delete, `[3, id, 0]` unlink, `[4, id, 0]` link,
`[5, 0, 0]` clear, `[6, 0, ids]` set; a bare id links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tillway.sandbox.fields import Field
from tillway.sandbox.refusals import value_error

CREATE: Final = 0
UPDATE: Final = 1
DELETE: Final = 2
UNLINK: Final = 3
LINK: Final = 4
CLEAR: Final = 5
SET: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command with what it carries: values to create or update with, or the records to set."""

    code: int
    record: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    records: tuple[int, ...] = ()


def parse(model: str, each: Field, value: Any) -> list[Command]:
    """The commands in a written value. False clears the list; anything but a list is a ValueError."""
    if value is None or value is False:
        return [Command(code=CLEAR)]
    if not isinstance(value, (list, tuple)):
        raise value_error(f"Wrong value for {model}.{each.name}: {value}")
    return [_command(item) for item in value]


def _command(item: Any) -> Command:
    if isinstance(item, int):
        return Command(code=LINK, record=item)
    code, record, payload = (*item, 0, 0)[:3]
    if code in {CREATE, UPDATE}:
        return Command(code=code, record=record or 0, values=payload or {})
    return Command(code=code, record=record or 0, records=tuple(payload) if code == SET else ())
