"""Postgres: the pool, transactions as one round trip, migrations, nudges, and the embedded server."""

from __future__ import annotations

from .database import POOL_SIZE, Database
from .embedded import Embedded
from .mending import ERASED, Column, Wanted
from .migrations import Migration, Room, check, migrate
from .parts import Part, compose
from .personal import Found, Personal
from .sql import Statements, load
from .transactions import LONGEST_CUT_SECONDS, TRANSACTION_CUT_SECONDS, Tx, in_transaction

__all__ = [
    "ERASED",
    "LONGEST_CUT_SECONDS",
    "POOL_SIZE",
    "TRANSACTION_CUT_SECONDS",
    "Column",
    "Database",
    "Embedded",
    "Found",
    "Migration",
    "Part",
    "Personal",
    "Room",
    "Statements",
    "Tx",
    "Wanted",
    "check",
    "compose",
    "in_transaction",
    "load",
    "migrate",
]
