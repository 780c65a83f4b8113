"""Compatibility: what a new contract document means for whoever was built against the old one. Pure."""

from __future__ import annotations

from tillway.contracts.compatibility.change import Change, Comparison, Direction, Unreadable, Verdict
from tillway.contracts.compatibility.comparing import compare
from tillway.contracts.compatibility.hit import Use, broken, opened
from tillway.contracts.compatibility.text import parse

__all__ = ["Change", "Comparison", "Direction", "Unreadable", "Use", "Verdict", "broken", "compare", "opened", "parse"]
