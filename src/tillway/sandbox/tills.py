"""A till: rings up believable sales, keeps them until the hub has them, and sends them in order.

What a till printed happened. So a sale is kept in its outbox until it is answered, resent with the same content when no
answer came, and never sent out of sequence.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Final

import msgspec

from tillway import clock
from tillway.errors import Rejected, Unavailable
from tillway.retail import Product, Sale, SaleLine, Tender, sale_id, split
from tillway.sandbox.hub_client import HubClient

log = logging.getLogger(__name__)

# What one look at the assortment brings.
ASSORTMENT: Final = 100

# Sales sent at once after a cut: small enough to be answered well within a deadline.
BATCH: Final = 50

# Half of the customers pay with a note of this size or a multiple of it.
NOTE: Final = Decimal(5)


def ring_up(
    products: Sequence[Product],
    chance: random.Random,
    *,
    till: str,
    shop: str,
    epoch: str,
    sequence: int,
    at: datetime,
) -> Sale:
    """One customer's receipt: one to four products, paid in cash (with change) or by card. Pure, given the chance."""
    chosen = chance.sample(list(products), k=min(len(products), chance.randint(1, 4)))
    currency = chosen[0].currency
    lines = tuple(_line(number, product, chance.choice((1, 1, 1, 2, 3))) for number, product in enumerate(chosen, 1))
    gross = sum((line.gross for line in lines), Decimal(0))
    cash = chance.random() < 0.5  # noqa: PLR2004 - a coin
    paid = (gross / NOTE).quantize(Decimal(1), rounding=ROUND_UP) * NOTE if cash else gross
    return Sale(
        id=sale_id(till, epoch, sequence),
        till=till,
        epoch=epoch,
        sequence=sequence,
        shop=shop,
        business_day=at.date(),
        sold_at=at,
        currency=currency,
        lines=lines,
        tenders=(Tender(kind="cash" if cash else "card", amount=paid.quantize(Decimal("0.01"))),),
        net=sum((line.net for line in lines), Decimal(0)),
        tax=sum((line.tax for line in lines), Decimal(0)),
        gross=gross,
        change=(paid - gross).quantize(Decimal("0.01")),
    )


async def run(client: HubClient, *, till: str, shop: str, epoch: str, every_seconds: float, seed: int) -> None:
    """Sell and send until cancelled."""
    chance = random.Random(seed)
    outbox: deque[Sale] = deque()
    sequence = 0
    products: tuple[Product, ...] = ()
    while True:
        products = products or await assortment(client)
        if products:
            sequence += 1
            outbox.append(
                ring_up(products, chance, till=till, shop=shop, epoch=epoch, sequence=sequence, at=clock.now())
            )
        await send(client, outbox)
        await asyncio.sleep(every_seconds * chance.uniform(0.5, 1.5))


async def send(client: HubClient, outbox: deque[Sale]) -> None:
    """Send what waits, oldest first; what is not answered stays."""
    while outbox:
        batch = [outbox[place] for place in range(min(BATCH, len(outbox)))]
        try:
            answer = await client.post("/pos/v1/sales", {"sales": [msgspec.to_builtins(sale) for sale in batch]})
        except Unavailable as error:
            log.info("%d sales wait at the till: %s", len(outbox), error.detail)
            return
        except Rejected as error:
            log.warning("the hub would not take sales: %s", error.detail)
            return
        for told in answer["sales"]:
            if told["status"] == "quarantined":
                log.warning("sale %s is quarantined: %s", told["id"], told.get("violations"))
        for _ in batch:
            outbox.popleft()


async def assortment(client: HubClient) -> tuple[Product, ...]:
    """Products to sell; none while the hub is not ready."""
    try:
        page = await client.get("/products/v1/products", limit=ASSORTMENT)
    except Unavailable:
        return ()
    found = (msgspec.convert(entry, Product) for entry in page["products"])
    return tuple(product for product in found if product.list_price > 0)


def _line(number: int, product: Product, quantity: int) -> SaleLine:
    told = split(product.list_price * quantity, product.taxes, product.currency)
    return SaleLine(
        number=number,
        sku=product.sku,
        gtin=product.gtin,
        quantity=Decimal(quantity),
        unit_price=product.list_price,
        tax_rate=sum((tax.rate for tax in product.taxes), Decimal(0)),
        tax_included=any(tax.included for tax in product.taxes),
        net=told.net,
        tax=told.tax,
        gross=told.gross,
    )
