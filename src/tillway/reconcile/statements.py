"""The room's named SQL."""

from __future__ import annotations

from typing import Final

from tillway.postgres import load

SQL: Final = load("tillway.reconcile", "reconcile.sql")
