"""Every flow of this release, bound to where it reads and whom it asks."""

from __future__ import annotations

from typing import Protocol

from tillway.postgres import Database
from tillway.processes.backoffice import BackOffices
from tillway.processes.book_payment import book_payment
from tillway.processes.book_sale import book_sale
from tillway.processes.bring_points import bring_points
from tillway.processes.change_order import change_order
from tillway.processes.credit_return import credit_return
from tillway.processes.customers import keep_customer, merge_customers
from tillway.processes.definition import Definition
from tillway.processes.move_stock import adjust_stock, transfer_stock
from tillway.processes.place_order import place_order
from tillway.processes.receive_return import receive_return
from tillway.retail import Offices


class Outside(BackOffices, Offices, Protocol):
    """All that flows ask of the outside."""


def every(db: Database, outside: Outside) -> tuple[Definition, ...]:
    """The flows; what stands here runs, is shown, and can be acted on."""
    return (
        place_order(db, outside),
        book_sale(db, outside),
        bring_points(db, outside),
        keep_customer(db, outside),
        merge_customers(db, outside),
        change_order(db, outside),
        book_payment(db, outside),
        receive_return(db, outside),
        credit_return(db, outside),
        adjust_stock(db, outside),
        transfer_stock(db, outside),
    )
