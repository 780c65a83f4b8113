"""A connector on a far side, and orders and sales to send through it."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.rooms.connectors.far_side import FarSide, Retailer, TillThere
from tests.rooms.connectors.lossy_proxy import LossyProxy

from tillway import clock
from tillway.connectors.odoo import Connection, Odoo, OwnFieldInOdoo, Places, ShopInOdoo, TillInOdoo
from tillway.outbound import Client
from tillway.retail import BackOfficeStore, Order, OrderLine, Sale, SaleLine, Tender, rounded, sale_id

PARALLEL = 6
HUNDRED = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class World:
    far: FarSide
    shop: Retailer
    client: Client
    proxy: LossyProxy

    def odoo(
        self,
        *,
        till: TillThere | None = None,
        key: str | None = None,
        database: str | None = None,
        own: tuple[OwnFieldInOdoo, ...] = (),
    ) -> Odoo:
        """A connector, as a hub that just started has it."""
        tills = {}
        if till is not None:
            tills["till-1"] = TillInOdoo(company=self.shop.company, config=till.config, methods=till.methods)
        return Odoo(
            Connection(
                url=self.proxy.url,
                database=database or self.far.database,
                key=key or self.far.key,
                protocol=self.far.protocol,
                login=self.far.limited_login if key == self.far.limited_key else self.far.login,
                workers=PARALLEL,
            ),
            self.client,
            places=Places(
                price_lists={"web": self.shop.price_list},
                tills=tills,
                shops={"web": self._here(*tills)},
                own_fields=own,
            ),
        )

    def _here(self, *tills: str) -> ShopInOdoo:
        return ShopInOdoo(
            company=self.shop.company, warehouse=int(self.shop.warehouse), timezone="Europe/Brussels", tills=tills
        )

    @property
    def store(self) -> BackOfficeStore:
        return BackOfficeStore(
            store="web", company=self.shop.company, warehouse=self.shop.warehouse, customer=self.shop.customer
        )

    def order(self, *wanted: tuple[str, str, str], price_list: str = "web") -> Order:
        """An order of (end of SKU, quantity, unit price) lines, 15 % on top."""
        lines = tuple(self._order_line(number, *each) for number, each in enumerate(wanted, 1))
        return Order(
            id=str(uuid.uuid4()),
            reference=f"WEB-{secrets.token_hex(4)}",
            consumer="web",
            shop="web",
            price_list=price_list,
            currency=self.shop.currency,
            placed_at=clock.now(),
            lines=lines,
            net=sum((line.net for line in lines), Decimal(0)),
            tax=sum((line.tax for line in lines), Decimal(0)),
            gross=sum((line.gross for line in lines), Decimal(0)),
        )

    def _order_line(self, number: int, end: str, quantity: str, price: str) -> OrderLine:
        net = rounded(Decimal(quantity) * Decimal(price), self.shop.currency)
        tax = rounded(net * 15 / HUNDRED, self.shop.currency)
        return OrderLine(
            number=number,
            sku=self.shop.sku(end),
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
            net=net,
            tax=tax,
            gross=net + tax,
        )

    def sale(self, *wanted: tuple[str, str, str], tenders: tuple[Tender, ...] = (), change: str = "0") -> Sale:
        """A sale of (end of SKU, quantity, unit price) lines, 15 % on top; paid by card unless told otherwise."""
        lines = tuple(self._sale_line(number, *each) for number, each in enumerate(wanted, 1))
        gross = sum((line.gross for line in lines), Decimal(0))
        sequence = secrets.randbelow(2**40) + 1
        return Sale(
            id=sale_id("till-1", "e1", sequence),
            till="till-1",
            epoch="e1",
            sequence=sequence,
            shop="web",
            business_day=date(2026, 11, 23),
            sold_at=clock.now(),
            currency=self.shop.currency,
            lines=lines,
            tenders=tenders or (Tender(kind="card", amount=gross),),
            net=sum((line.net for line in lines), Decimal(0)),
            tax=sum((line.tax for line in lines), Decimal(0)),
            gross=gross,
            change=Decimal(change),
        )

    def _sale_line(self, number: int, end: str, quantity: str, price: str) -> SaleLine:
        net = rounded(Decimal(quantity) * Decimal(price), self.shop.currency)
        tax = rounded(net * 15 / HUNDRED, self.shop.currency)
        return SaleLine(
            number=number,
            sku=self.shop.sku(end),
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
            tax_rate=Decimal(15),
            tax_included=False,
            net=net,
            tax=tax,
            gross=net + tax,
        )
