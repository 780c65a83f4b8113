"""Sales at tills: one open session a till, each sale booked once under its own id.

`pos.order.uuid` is unique in Odoo, so sending a sale again is harmless; but a sale that differs from the one held
under its id is ignored without a word, so what Odoo holds is compared each time. Opening a session is not safe by
itself: Odoo's check for another open one is made by two transactions at once and passed by both (two sessions seen
for six parallel `create`). So a session too is made by `load` with an external id that only one can take.

Sales of one session that come while a call of it is under way go together with the next one (`batching`). Odoo takes
such a call whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tillway import clock
from tillway.errors import Invalid, Poison, TryAgain
from tillway.retail import BackOfficeSale, Call, Sale, SaleLine, Till

from .batching import Batching, Lane, Parcel, together
from .catalogue import read_taxes
from .classify import scrub
from .client import BOOK, WRITE, Json2, number
from .mapping import sales, taxes
from .mapping.orders import MODULE
from .mapping.sales import Sold
from .mapping.values import label
from .places import Places, TillInOdoo
from .variants import by_sku

ROUNDS: Final = 3
"""How often opening a session looks again: once before, once after making one, once more after losing a race."""

_SESSION_FIELDS: Final = ["state", "cash_register_balance_start"]
_OPEN: Final = ("opened", "opening_control")


class OdooTillSessions:
    """`retail.TillSessions` over one Odoo."""

    def __init__(self, odoo: Json2, places: Places, *, now: Callable[[], datetime] = clock.now) -> None:
        self._odoo = odoo
        self._places = places
        self._batching = Batching(self._send, now)

    @property
    def waiting(self) -> int:
        """Sales that will go with the next call of their session."""
        return self._batching.waiting

    async def find_sale(self, call: Call, sale_id: str) -> BackOfficeSale | None:
        """The sale that Odoo holds under our id, or None."""
        rows = await self._odoo.search_read(
            call, "pos.order", [["uuid", "=", sale_id]], [*sales.FIELDS, "currency_id"], limit=1
        )
        return sales.sale(rows[0], label(rows[0]["currency_id"])) if rows else None

    async def ensure_open(self, call: Call, till: Till) -> str:
        """Id of the till's open session; one is opened if there is none.

        TryAgain while the till is being closed, or when others were quicker three times. Poison for a till that the
        landscape does not place in this Odoo.
        """
        place = self._till(till.id)
        for _ in range(ROUNDS):
            sessions = await self._sessions(call, place, [["state", "!=", "closed"], ["rescue", "=", False]])
            if not sessions:
                await self._create(call, place)
                continue
            for state in _OPEN:
                for session in sessions:
                    if session["state"] == state:
                        return await self._opened(call, place, session)
            raise TryAgain(f"till {till.id} is being closed in Odoo")
        raise TryAgain(f"the session of till {till.id} could not be opened yet")

    async def book(self, call: Call, sale: Sale, session: str) -> BackOfficeSale:
        """Have the sale there once. If `session` is closed, Odoo books into the till's open one: see the answer.

        It may go together with others of its session; what is raised is its own all the same.
        Poison: Odoo holds another sale under this id, or lacks a product, tax or payment method that the sale needs.
        TryAgain: the till has no open session. Invalid: Odoo does not take it.
        """
        place = self._till(sale.till)
        parcel = Parcel(
            sale=sale.id,
            payload=await self._payload(call, sale, session, place),
            touches=frozenset(f"sku {line.sku}" for line in sale.lines),
            call=call,
        )
        try:
            row = await self._batching.bring(Lane(sale.till, session), parcel)
        except Invalid:
            # A lost race for the uuid is refused as a constraint; so look what is there before believing it.
            held = await self.find_sale(call, sale.id)
            if held is None:
                await self._check_session(call, place, session)
                raise
            return _same(sale, held)
        held = await self.find_sale(call, sale.id) if row is None else sales.sale(row, sale.currency)
        if held is None:
            raise TryAgain("Odoo took the sale and does not show it yet")
        return _same(sale, held)

    async def _send(self, lane: Lane, parcels: Sequence[Parcel]) -> dict[str, dict[str, Any]]:
        """Bring sales of one session in one call, one transaction of Odoo's; its orders by our ids."""
        place, call = self._till(lane.till), together([each.call for each in parcels])
        try:
            answer = await self._odoo.call(
                call,
                BOOK,
                "pos.order",
                "sync_from_ui",
                company=place.company,
                touches=tuple(sorted(frozenset().union(*(each.touches for each in parcels)))),
                orders=[each.payload for each in parcels],
            )
        except Invalid:
            if len(parcels) > 1:  # of a closed session all are refused: that needs no halving
                await self._check_session(call, place, lane.session)
            raise
        return {row["uuid"]: row for row in answer["pos.order"]}

    def _till(self, till: str) -> TillInOdoo:
        try:
            return self._places.tills[till]
        except KeyError:
            remedy = "give it a pos_config under tills of its shop in the landscape"
            raise Poison(f"till {till} has no point of sale in Odoo", remedy=remedy) from None

    async def _sessions(
        self, call: Call, place: TillInOdoo, domain: list[Any], **arguments: Any
    ) -> list[dict[str, Any]]:
        wanted = [["config_id", "=", place.config], *domain]
        arguments.setdefault("order", "id")
        return await self._odoo.search_read(
            call, "pos.session", wanted, _SESSION_FIELDS, company=place.company, **arguments
        )

    async def _create(self, call: Call, place: TillInOdoo) -> None:
        """Make the session that follows the till's last one. Of many that try at once, one does."""
        last = await self._sessions(call, place, [], order="id desc", limit=1)
        external_id = f"{MODULE}.session_{place.config}_after_{last[0]['id'] if last else 0}"
        answer = await self._odoo.call(
            call,
            WRITE,
            "pos.session",
            "load",
            company=place.company,
            fields=["id", "config_id/.id"],
            data=[[external_id, str(place.config)]],
        )
        if not answer["ids"] and not await self._sessions(call, place, [["state", "!=", "closed"]]):
            texts = "; ".join(scrub(each.get("message", "")) for each in answer["messages"])
            raise TryAgain(f"Odoo did not open a session: {texts}")

    async def _opened(self, call: Call, place: TillInOdoo, session: Mapping[str, Any]) -> str:
        """Finish opening: nobody counts the drawer here, so the balance is what the last session left."""
        if session["state"] == "opening_control":
            await self._odoo.call(
                call,
                WRITE,
                "pos.session",
                "set_opening_control",
                company=place.company,
                ids=[session["id"]],
                cashbox_value=session["cash_register_balance_start"],
                notes="",
            )
        return str(session["id"])

    async def _check_session(self, call: Call, place: TillInOdoo, session: str) -> None:
        """TryAgain when the refusal is explained by the till having no session that takes sales."""
        sessions = await self._sessions(call, place, [["state", "in", list(_OPEN)]])
        if not sessions:
            raise TryAgain(f"session {session} is closed and the till has no open one")

    async def _payload(self, call: Call, sale: Sale, session: str, place: TillInOdoo) -> dict[str, Any]:
        missing = sorted({tender.kind for tender in sale.tenders} - set(place.methods))
        if missing:
            remedy = "add it under tender_methods of the shop in the landscape"
            raise Poison(f"till {sale.till} has no payment method in Odoo for {', '.join(missing)}", remedy=remedy)
        known = await by_sku(self._odoo, call, (line.sku for line in sale.lines), company=place.company)
        unknown = sorted({line.sku for line in sale.lines} - set(known))
        if unknown:
            remedy = "give the product this internal reference in Odoo, then retry"
            raise Poison(f"Odoo has no product with SKU {', '.join(unknown)}", remedy=remedy)
        chosen = await _Taxes(self._odoo, call, place.company).of(sale.lines, known)
        refunded = await self._refunded(call, sale, place)
        sold = {
            line.number: Sold(
                product=known[line.sku]["id"], taxes=chosen[line.number], refunded=refunded.get(line.number)
            )
            for line in sale.lines
        }
        return sales.payload(sale, session=number(session, "till session"), sold=sold, methods=place.methods)

    async def _refunded(self, call: Call, sale: Sale, place: TillInOdoo) -> dict[int, int]:
        """Odoo's lines that the lines of a refund take back, by number. What Odoo does not have is left out."""
        wanted = {uuid: line.number for line in sale.lines if (uuid := sales.refunded_uuid(line)) is not None}
        if not wanted:
            return {}
        rows = await self._odoo.search_read(
            call, "pos.order.line", [["uuid", "in", sorted(wanted)]], ["uuid"], company=place.company
        )
        return {wanted[row["uuid"]]: row["id"] for row in rows}


class _Taxes:
    """Finds the taxes of Odoo's that a printed line was charged with."""

    def __init__(self, odoo: Json2, call: Call, company: str) -> None:
        self._odoo = odoo
        self._call = call
        self._company = company

    async def of(self, lines: Iterable[SaleLine], known: Mapping[str, Mapping[str, Any]]) -> dict[int, tuple[int, ...]]:
        """Tax ids by line number. The product's own taxes if they are what was printed; otherwise the tax was
        changed since, and the one with the printed rate is taken. Poison when there is none.
        """
        rows = await read_taxes(self._odoo, self._call, {each for row in known.values() for each in row["taxes_id"]})
        found: dict[int, tuple[int, ...]] = {}
        for line in lines:
            own = known[line.sku]["taxes_id"]
            if _fits(taxes.of_company(own, rows, self._company), line):
                found[line.number] = tuple(taxes.matching(own, rows, self._company))
            elif line.tax_rate == 0:
                found[line.number] = ()
            else:
                found[line.number] = (await self._other(line),)
        return found

    async def _other(self, line: SaleLine) -> int:
        rows = await self._odoo.search_read(
            self._call,
            "account.tax",
            [["type_tax_use", "=", "sale"], ["amount_type", "=", "percent"]],
            taxes.FIELDS,
            company=self._company,
            order=taxes.ORDER,
        )
        tax = taxes.fitting(rows, line.tax_rate, self._company, included=line.tax_included)
        if tax is None:
            manner = "included" if line.tax_included else "excluded"
            remedy = "add the tax in Odoo, then retry"
            raise Poison(f"Odoo has no sales tax of {line.tax_rate} %, {manner}", remedy=remedy)
        return tax


def _fits(found: Iterable[Any], line: SaleLine) -> bool:
    listed = tuple(found)
    rate = sum((tax.rate for tax in listed), Decimal(0))
    return rate == line.tax_rate and all(tax.included == line.tax_included for tax in listed)


def _same(ours: Sale, theirs: BackOfficeSale) -> BackOfficeSale:
    differs = sales.difference(ours, theirs)
    if differs is not None:
        remedy = "compare the receipt with Odoo's order; one of them was not made by this till"
        raise Poison(f"Odoo holds another sale under this id: {differs}", remedy=remedy)
    return theirs
