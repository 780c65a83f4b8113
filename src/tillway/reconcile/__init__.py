"""Do two sides agree: what each holds is compared by key, and what differs is a break with an owner and an age."""

from __future__ import annotations

from tillway.reconcile import breaks, runs
from tillway.reconcile.breaks import Break, Choice
from tillway.reconcile.customers import Customers
from tillway.reconcile.documents import Documents
from tillway.reconcile.domain import Domain, Domains, Fix, Policy, Sides
from tillway.reconcile.entry import BREAK_TYPES, BreakType, Entry, Finding, Rule
from tillway.reconcile.erasing import PERSONAL
from tillway.reconcile.joining import Group, grouped
from tillway.reconcile.judging import Tally, judge
from tillway.reconcile.places import Place, Rereading, Sending, Warehouse
from tillway.reconcile.prices import Prices
from tillway.reconcile.reconciler import Reconciler
from tillway.reconcile.runs import Run, Wish
from tillway.reconcile.staging import Staging
from tillway.reconcile.stock import Stock

__all__ = [
    "BREAK_TYPES",
    "PERSONAL",
    "Break",
    "BreakType",
    "Choice",
    "Customers",
    "Documents",
    "Domain",
    "Domains",
    "Entry",
    "Finding",
    "Fix",
    "Group",
    "Place",
    "Policy",
    "Prices",
    "Reconciler",
    "Rereading",
    "Rule",
    "Run",
    "Sending",
    "Sides",
    "Staging",
    "Stock",
    "Tally",
    "Warehouse",
    "Wish",
    "breaks",
    "grouped",
    "judge",
    "runs",
]
