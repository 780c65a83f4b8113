"""Tillway: the governed integration hub between Odoo and everything that sells."""

from __future__ import annotations

__version__ = "0.1.0"
