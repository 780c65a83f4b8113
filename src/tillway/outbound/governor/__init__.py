"""The governor: how many calls a far side gets at once from all processes together, and whose turn it is."""

from __future__ import annotations

from .gate import LEASE_SECONDS, Gate, Pace, Terms
from .leasing import InMemory, InPostgres
from .limit import ceiling
from .overview import Governed, governed

__all__ = ["LEASE_SECONDS", "Gate", "Governed", "InMemory", "InPostgres", "Pace", "Terms", "ceiling", "governed"]
