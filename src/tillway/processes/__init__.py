"""Flows that span steps and time and must finish: explicit state, transitions as tables, one engine that reads them."""

from __future__ import annotations

from tillway.processes.backoffice import BackOffices, OrderPlace, TillPlace
from tillway.processes.book_sale import book_sale
from tillway.processes.definition import Definition, On, Outcome, Step, Work, drawing
from tillway.processes.engine import Engine, signal
from tillway.processes.overview import ExceptionItem, TransitionItem, Way, exceptions, ways
from tillway.processes.place_order import place_order

__all__ = [
    "BackOffices",
    "Definition",
    "Engine",
    "ExceptionItem",
    "On",
    "OrderPlace",
    "Outcome",
    "Step",
    "TillPlace",
    "TransitionItem",
    "Way",
    "Work",
    "book_sale",
    "drawing",
    "exceptions",
    "place_order",
    "signal",
    "ways",
]
