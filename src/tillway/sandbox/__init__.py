"""Stands in for the outside: an Odoo-shaped server, a small retailer, tills and a webhook receiver. Loopback only.

Behaviour is reproduced from observation of a running Odoo 19: statuses, error bodies and traps are the real ones, so
that what works here works there. Nothing of the hub is imported.
"""

from __future__ import annotations
