"""Connectors speak one outside system each, in its words, and answer in ours."""

from __future__ import annotations

__all__: list[str] = []
