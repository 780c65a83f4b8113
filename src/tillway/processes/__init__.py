"""Flows that span steps and time and must finish: explicit state, transitions as tables, one engine that reads them."""

from __future__ import annotations

from tillway.processes.acting import Acted, Flows, act, actions, flows, signal
from tillway.processes.backoffice import BackOffices, OrderPlace, TillPlace
from tillway.processes.book_payment import book_payment
from tillway.processes.book_sale import book_sale
from tillway.processes.bring_points import bring_points
from tillway.processes.change_order import change_order
from tillway.processes.credit_return import credit_return
from tillway.processes.customers import keep_customer, merge_customers
from tillway.processes.definition import Definition, On, Outcome, Step, Work, drawing
from tillway.processes.engine import Engine
from tillway.processes.erasing import PERSONAL
from tillway.processes.every import Outside, every
from tillway.processes.overview import ExceptionItem, TransitionItem, Way, exception, exceptions, transitions, ways
from tillway.processes.place_order import place_order
from tillway.processes.receive_return import receive_return
from tillway.processes.till_refunds import till_refunds

__all__ = [
    "PERSONAL",
    "Acted",
    "BackOffices",
    "Definition",
    "Engine",
    "ExceptionItem",
    "Flows",
    "On",
    "OrderPlace",
    "Outcome",
    "Outside",
    "Step",
    "TillPlace",
    "TransitionItem",
    "Way",
    "Work",
    "act",
    "actions",
    "book_payment",
    "book_sale",
    "bring_points",
    "change_order",
    "credit_return",
    "drawing",
    "every",
    "exception",
    "exceptions",
    "flows",
    "keep_customer",
    "merge_customers",
    "place_order",
    "receive_return",
    "signal",
    "till_refunds",
    "transitions",
    "ways",
]
