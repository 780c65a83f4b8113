"""Who did what, and why it was allowed: entries in hash chains with signed anchors, and who uses what."""

from __future__ import annotations

from tillway.audit.anchor import Sign, Signed, Unsign
from tillway.audit.buffer import HELD_MAX, Buffer
from tillway.audit.callers import ITSELF, Caller, Callers, Line, callers, first_seen, last_calls, used_operations
from tillway.audit.census import (
    Census,
    Direction,
    UnknownField,
    Used,
    UsedBy,
    UsedField,
    calls,
    unknown_fields,
    usage,
    usage_of_all,
)
from tillway.audit.entry import CLASSES, FIRST_REFUSAL, Class, Entry, Sealed, class_of
from tillway.audit.erasing import PERSONAL
from tillway.audit.retention import KEPT, keep
from tillway.audit.sealer import Sealer
from tillway.audit.searching import LAST, Outcome, Wanted, export, number_at, search
from tillway.audit.staging import staging
from tillway.audit.strangers import Strangers
from tillway.audit.verification import Verified, verify
from tillway.audit.verifying import Broken

__all__ = [
    "CLASSES",
    "FIRST_REFUSAL",
    "HELD_MAX",
    "ITSELF",
    "KEPT",
    "LAST",
    "PERSONAL",
    "Broken",
    "Buffer",
    "Caller",
    "Callers",
    "Census",
    "Class",
    "Direction",
    "Entry",
    "Line",
    "Outcome",
    "Sealed",
    "Sealer",
    "Sign",
    "Signed",
    "Strangers",
    "UnknownField",
    "Unsign",
    "Used",
    "UsedBy",
    "UsedField",
    "Verified",
    "Wanted",
    "callers",
    "calls",
    "class_of",
    "export",
    "first_seen",
    "keep",
    "last_calls",
    "number_at",
    "search",
    "staging",
    "unknown_fields",
    "usage",
    "usage_of_all",
    "used_operations",
    "verify",
]
