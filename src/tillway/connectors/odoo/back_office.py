"""One Odoo behind the protocols of `retail`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tillway import clock
from tillway.outbound import Client, Gate
from tillway.retail import Call

from .catalogue import OdooCatalogue
from .client import Json2
from .customers import OdooCustomers
from .documents import OdooDocuments
from .hooks import OdooHooks
from .inventory import Inventory, inventory
from .invoicing import OdooInvoicing
from .keys import key_expiry
from .ledgers import OdooLedgers
from .loyalty import OdooLoyalty
from .order_book import OdooOrderBook
from .places import Connection, Places
from .price_lists import OdooPriceLists
from .probe import Probe, probe
from .stock import OdooStock
from .survey import DRAFTED, Survey, survey
from .taking_back import OdooTakingBack
from .taxes import OdooTaxes
from .till_sessions import OdooTillSessions


class Odoo:
    """What one connection offers, all through one gate; replace it whole when the landscape changes, but the gate."""

    def __init__(
        self,
        connection: Connection,
        client: Client,
        *,
        places: Places | None = None,
        gate: Gate | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._odoo = Json2(connection, client, gate=gate, now=now)
        known = self._places = places or Places()
        self.catalogue = OdooCatalogue(self._odoo, own=known.own_fields_of("product"), now=now)
        self.price_lists = OdooPriceLists(self._odoo)
        self.loyalty = OdooLoyalty(self._odoo, now=now)
        self.order_book = OdooOrderBook(self._odoo, known)
        self.customers = OdooCustomers(self._odoo, known, now=now)
        self.taxes = OdooTaxes(self._odoo)
        self.till_sessions = OdooTillSessions(self._odoo, known, now=now)
        self.invoicing = OdooInvoicing(self._odoo)
        self.taking_back = OdooTakingBack(self._odoo)
        self.documents = OdooDocuments(self._odoo, known, now=now)
        self.hooks = OdooHooks(self._odoo)
        self.ledgers = OdooLedgers(self._odoo, known, self.customers)
        self.stock = OdooStock(self._odoo, now=now)

    async def probe(self, call: Call) -> Probe:
        """What it looks like from here: version, key, modules, settings, rights. What the answer says is not raised."""
        return await probe(self._odoo, call, self._places)

    async def survey(self, call: Call, *, limit: int = DRAFTED) -> Survey:
        """What it holds that a landscape would name, at most so many of each kind."""
        return await survey(self._odoo, call, limit=limit)

    async def inventory(self, call: Call) -> Inventory:
        """What integrates with it already."""
        return await inventory(self._odoo, call)

    async def key_expiry(self, call: Call) -> datetime | None:
        """When our key stops working, as far as it can be seen."""
        return await key_expiry(self._odoo, call)
