"""The models of the sandbox as tables of fields."""

from __future__ import annotations
