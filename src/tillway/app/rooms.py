"""The rooms that own a schema, in the order their migrations run."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Room

ROOMS: Final = (
    Room("journal", "tillway.journal"),
    Room("outbound", "tillway.outbound"),
    Room("identity", "tillway.identity"),
    Room("audit", "tillway.audit"),
    Room("records", "tillway.records"),
    Room("inbox", "tillway.inbox"),
    Room("reconcile", "tillway.reconcile"),
    Room("subscriptions", "tillway.subscriptions"),
    Room("processes", "tillway.processes"),
    Room("gateway", "tillway.gateway"),
    Room("governance", "tillway.governance"),
)
