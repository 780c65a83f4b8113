"""An instance as the runner that claimed it holds it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.processes.definition import Definition, Work

EACH: Final = "#"
"""Parts a subject from the number of its event, where each event starts an instance."""


class Instance(msgspec.Struct, kw_only=True):
    """A claimed instance as this runner knows it."""

    id: UUID
    definition: Definition
    subject: str
    state: str
    data: dict[str, Any]
    owed: tuple[str, ...]
    correlation: str
    causation: str | None
    traceparent: str | None
    attempts: int
    unknowns: int
    deadline: datetime
    fence: int
    resumed: bool

    def work(self) -> Work:
        """What its step is given."""
        return Work(
            subject=self.subject.partition(EACH)[0] if self.definition.each else self.subject,
            data=self.data,
            correlation=self.correlation,
            causation=self.causation,
            traceparent=self.traceparent,
            attempts=self.attempts,
        )


def claimed(row: Any, definition: Definition) -> Instance:
    """An instance as the claim gives it."""
    return Instance(
        id=row["id"],
        definition=definition,
        subject=row["subject"],
        state=row["state"],
        data=msgspec.json.decode(row["data"]),
        owed=tuple(row["owed"]),
        correlation=row["correlation"],
        causation=row["causation"],
        traceparent=row["traceparent"],
        attempts=row["attempts"],
        unknowns=row["unknowns"],
        deadline=row["deadline"],
        fence=row["fence"],
        resumed=row["resumed"],
    )
