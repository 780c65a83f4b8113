"""What a person on duty is shown of an event or an entry of the audit, before anything is masked. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from tillway import clock
from tillway.audit import Sealed
from tillway.journal import Recorded, cloudevent


def event_told(event: Recorded) -> dict[str, Any]:
    """An event with all its members."""
    return cloudevent(event, personal=True)


def told(row: Sealed) -> dict[str, Any]:
    """An entry with its place, as a document that can be masked. Pure."""
    entry = row.entry
    return {
        "number": row.number,
        "class": entry.kind_of,
        "seq": row.seq,
        "sealed_at": clock.iso(row.sealed_at),
        "at": clock.iso(entry.at),
        "node": str(entry.node),
        "principal": entry.principal,
        "kind": entry.kind,
        "actor": entry.actor,
        "operation": entry.operation,
        "api": entry.api,
        "subject": entry.subject,
        "status": entry.status,
        "code": entry.code,
        "policies": list(entry.policies),
        "release": entry.release,
        "correlation": entry.correlation,
        "network": entry.network,
        "count": entry.count,
        "personal": None if entry.personal is None else msgspec.json.decode(entry.personal),
        "hash": row.hash.hex(),
    }
