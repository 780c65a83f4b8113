"""Writes, confirms and reads back orders in an Odoo, through the governor, one by one; tells how long each took."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from statistics import quantiles
from typing import Any, Final

from bench.client import serve
from bench.clients.governed import gated
from tillway import clock
from tillway.connectors.odoo import Connection, Odoo, Places
from tillway.connectors.odoo.client import READ, WRITE, Json2
from tillway.retail import BackOfficeStore, Call, Criticality, Order, OrderLine

PRICE: Final = Decimal(10)


async def main(*, dsn: str, odoo: dict[str, str], workers: int, orders: int, warm: int) -> dict[str, Any]:
    """Milliseconds an order took, and orders a second."""
    async with gated(dsn, workers) as (client, gate):
        connection = Connection(url=odoo["url"], database=odoo["database"], key=odoo["key"])
        raw = Json2(connection, client, gate=gate)
        sku = f"BENCH-{secrets.token_hex(4)}"
        values = {"name": sku, "default_code": sku, "list_price": 10.0, "type": "consu", "taxes_id": [[5, 0, 0]]}
        await raw.call(_call("product"), WRITE, "product.product", "create", vals_list=values)
        (customer,) = await raw.call(_call("customer"), WRITE, "res.partner", "create", vals_list={"name": sku})
        (company,) = await raw.call(_call("company"), READ, "res.company", "read", ids=[1], fields=["currency_id"])
        book = Odoo(connection, client, places=Places(), gate=gate).order_book
        store = BackOfficeStore(store="bench", company="1", customer=str(customer))
        taken = []
        for number in range(warm + orders):
            order = _order(sku, company["currency_id"][1])
            began = time.monotonic()
            written = await book.write(_call(order.id), order, store)
            await book.confirm(_call(order.id), written.foreign_id)
            if (await book.read(_call(order.id), written.foreign_id)).state != "confirmed":
                raise RuntimeError("the order is not confirmed")
            if number >= warm:
                taken.append((time.monotonic() - began) * 1000)
    cuts = quantiles(taken, n=100, method="inclusive")
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "rate": len(taken) * 1000 / sum(taken)}


def _call(reference: str) -> Call:
    return Call(
        criticality=Criticality.HIGH,
        deadline=clock.now() + timedelta(seconds=60),
        correlation=reference,
        reference=reference,
        company="1",
    )


def _order(sku: str, currency: str) -> Order:
    line = OrderLine(number=1, sku=sku, quantity=Decimal(1), unit_price=PRICE, net=PRICE, tax=Decimal(0), gross=PRICE)
    return Order(
        id=str(uuid.uuid4()),
        consumer="bench",
        shop="bench",
        price_list="list",
        currency=currency,
        placed_at=clock.now(),
        lines=(line,),
        net=PRICE,
        tax=Decimal(0),
        gross=PRICE,
    )


if __name__ == "__main__":
    serve(main)
