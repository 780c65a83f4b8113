"""Odoo's words to ours and ours to Odoo's: pure functions over rows as JSON-2 gives and takes them."""

from __future__ import annotations
