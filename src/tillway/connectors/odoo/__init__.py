"""Odoo 19 over JSON-2: catalogue, price lists, orders and till sales, each effect once."""

from __future__ import annotations

from .back_office import Odoo
from .catalogue import OdooCatalogue
from .cursor import OVERLAP
from .documents import OdooDocuments
from .hooks import OdooHooks
from .inventory import Integration, Inventory
from .keys import ENDING, NEXT_KEY, URGENT, ending
from .order_book import OdooOrderBook
from .places import MODELS, WORKERS, Connection, OwnFieldInOdoo, Places, ShopInOdoo, TillInOdoo
from .price_lists import OdooPriceLists
from .probe import Probe
from .survey import Survey, TillFound
from .till_sessions import OdooTillSessions
from .watched import WATCHED, Watched, domains_of

__all__ = [
    "ENDING",
    "MODELS",
    "NEXT_KEY",
    "OVERLAP",
    "URGENT",
    "WATCHED",
    "WORKERS",
    "Connection",
    "Integration",
    "Inventory",
    "Odoo",
    "OdooCatalogue",
    "OdooDocuments",
    "OdooHooks",
    "OdooOrderBook",
    "OdooPriceLists",
    "OdooTillSessions",
    "OwnFieldInOdoo",
    "Places",
    "Probe",
    "ShopInOdoo",
    "Survey",
    "TillFound",
    "TillInOdoo",
    "Watched",
    "domains_of",
    "ending",
]
