"""Events: what rooms append (`Event`) and what followers read (`Recorded`). CloudEvents 1.0 is their wire form."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tillway import clock, ids, sealing

TYPE_PREFIX = "tillway."
TYPE_SUFFIX = ".v1"
SOURCE = "/tillway"

PERSONAL_AT = "journal.events.personal"
"""The place that sealed members belong to, on their way there too."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one entity; `type` is the short name, e.g. `order.accepted`.

    `data` holds what is not personal, `personal` what is; both become members of the CloudEvent's `data`.
    `partitionkey` orders: events of one key are followed in the order of their commits. Empty: the subject.
    """

    type: str
    subject: str
    data: dict[str, Any]
    personal: dict[str, Any] | None = None
    partitionkey: str = ""
    correlation: str
    causation: str | None = None
    traceparent: str | None = None
    dataclass: str = "internal"
    retention: str = "standard"
    time: datetime = msgspec.field(default_factory=clock.now)
    id: UUID = msgspec.field(default_factory=ids.new)

    @property
    def key(self) -> str:
        """The key whose order is kept."""
        return self.partitionkey or self.subject


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the journal. `sequence` counts the events of its partition key from 1, no gap."""

    position: int
    id: UUID
    type: str
    subject: str
    partitionkey: str
    sequence: int
    time: datetime
    recorded_at: datetime
    correlation: str
    causation: str | None
    traceparent: str | None
    dataclass: str
    data_json: str
    personal_json: str | None

    @property
    def data(self) -> dict[str, Any]:
        """The members that are not personal, decoded anew at each call."""
        decoded: dict[str, Any] = msgspec.json.decode(self.data_json)
        return decoded

    @property
    def whole(self) -> dict[str, Any]:
        """All members, the personal ones included. Only for those whose purpose grants them."""
        if self.personal_json is None:
            return self.data
        return self.data | unsealed_personal(self.id, self.personal_json)


def sealed_personal(event: Event) -> str | None:
    """The personal members as they are kept: sealed, and a JSON text all the same."""
    if event.personal is None:
        return None
    return f'"{sealing.seal(PERSONAL_AT, str(event.id), msgspec.json.encode(event.personal).decode())}"'


def unsealed_personal(event_id: UUID, kept: str) -> dict[str, Any]:
    """The personal members of an event from what is kept of them; earlier ones were kept as they are."""
    if kept.startswith('"'):
        kept = sealing.opened(PERSONAL_AT, str(event_id), msgspec.json.decode(kept, type=str))
    personal: dict[str, Any] = msgspec.json.decode(kept)
    return personal


def long_type(short: str) -> str:
    """`order.accepted` as the CloudEvents `type` attribute."""
    return f"{TYPE_PREFIX}{short}{TYPE_SUFFIX}"


def short_type(name: str) -> str:
    """The short name of either spelling; there is no third."""
    if name.startswith(TYPE_PREFIX) and name.endswith(TYPE_SUFFIX):
        return name[len(TYPE_PREFIX) : -len(TYPE_SUFFIX)]
    return name


def cloudevent(event: Recorded, *, personal: bool = False) -> dict[str, Any]:
    """The structured CloudEvent (JSON event format 1.0). Personal members only when asked for."""
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": SOURCE,
        "type": long_type(event.type),
        "subject": event.subject,
        "time": clock.iso(event.time),
        "datacontenttype": "application/json",
        "dataschema": f"/catalog/events/{event.type}/v1/schema.json",
        "partitionkey": event.partitionkey,
        "sequence": str(event.sequence),
        "correlationid": event.correlation,
        "dataclass": event.dataclass,
    }
    if event.causation is not None:
        envelope["causationid"] = event.causation
    if event.traceparent is not None:
        envelope["traceparent"] = event.traceparent
    envelope["data"] = event.whole if personal else event.data
    return envelope
