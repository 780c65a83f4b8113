"""Customers: made once under our own id, found by what Odoo normalises, followed when they are merged.

Odoo keeps no two partners apart: equal ones are made as often as asked. What it does enforce is that an external id
names one record, so a partner is made with `load` under ours. When people merge partners, their external ids go over to
the one that remains, while the record itself is deleted: so the external id is what a merged customer is found by.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tillway import clock
from tillway.errors import Forbidden, Invalid, NotFound, Poison, TryAgain, Violation
from tillway.retail import BackOfficeCustomer, Call, Customer, CustomerKey, ListedCustomer, Page, phone_key
from tillway.retail.customer_keys import email_key, vat_key

from .classify import scrub
from .client import BOOK, READ, WRITE, Json2, number
from .cursor import advanced, begun, domain, moment, parse, render
from .mapping import customers
from .mapping.values import reference, text
from .order_book import passing
from .own_fields import OwnFields, Readable
from .places import PARTNER, Places

PAGE_MAX: Final = 1000
"""Customers a page at most."""

LOOKED_UP_MAX: Final = 20
"""Partners that one look-up leads to."""

MERGED_AT_ONCE: Final = 3
"""Partners that Odoo makes one of at a time."""

_NAMELESS: Final = "Contacts require a name"
"""What `load` says of a partner that it would have to make from nothing but an external id."""

NO_OWN: Final = Readable()
"""For a look at a partner that is told to nobody."""

_log = logging.getLogger("tillway.connectors.odoo")


class OdooCustomers:
    """`retail.Customers` over one Odoo."""

    def __init__(self, odoo: Json2, places: Places, *, now: Callable[[], datetime] = clock.now) -> None:
        self._odoo = odoo
        self._lists = {theirs: ours for ours, theirs in places.price_lists.items() if theirs is not None}
        self._places = places
        self._own = OwnFields(odoo, places.own_fields_of("customer"), PARTNER)
        self._now = now
        self._countries: dict[int, str] = {}

    async def changed(self, call: Call, *, cursor: str | None, limit: int) -> Page[BackOfficeCustomer]:
        """Customers changed since the cursor in the order of their ids; some come again."""
        limit = min(limit, PAGE_MAX)
        position = parse(cursor)
        if not position.after:
            position = begun(position, await self._newest(call), self._now())
        own = await self._own.readable(call)
        rows = await self._rows(call, [*domain(position), *customers.WHO], own, order="id", limit=limit)
        more = len(rows) == limit
        following = render(advanced(position, [row["id"] for row in rows], more=more))
        return Page(items=await self._mapped(call, rows, own), cursor=following, more=more)

    async def listed(
        self, call: Call, *, cursor: str | None, limit: int, among: Sequence[str] | None = None
    ) -> Page[ListedCustomer]:
        """Customers as they are, in the order of their ids, with the time of their last change."""
        limit = min(limit, PAGE_MAX)
        wanted = [["id", ">", 0 if cursor is None else number(cursor, "page")], *customers.WHO]
        if among is not None:
            wanted.append(["id", "in", [number(each, "customer") for each in among]])
        own = await self._own.readable(call)
        rows = await self._rows(call, wanted, own, also=("write_date",), order="id", limit=limit)
        changed = {str(row["id"]): moment(row["write_date"]) for row in rows}
        items = tuple(
            ListedCustomer(customer=each, changed_at=changed[each.foreign_id])
            for each in await self._mapped(call, rows, own)
        )
        return Page(items=items, cursor=str(rows[-1]["id"]) if rows else cursor, more=len(rows) == limit)

    async def own_versions(self, call: Call) -> str:
        """What is declared, and what of it stands there now."""
        if not self._places.own_fields_of("customer"):
            return ""
        found = await self._own.versions(call, await self._own.readable(call))
        return hashlib.sha256(msgspec.json.encode(found, order="sorted")).hexdigest()

    async def mark(self, call: Call) -> str:
        """How many partners there are, and the youngest one's id."""
        context = {"active_test": False}
        count = await self._odoo.call(call, READ, "res.partner", "search_count", context=context, domain=[])
        newest = await self._odoo.call(
            call, READ, "res.partner", "search", context=context, domain=[], order="id desc", limit=1
        )
        return f"{count}:{newest}"

    async def ids(self, call: Call) -> frozenset[str]:
        """Ids of all partners, archived ones included."""
        found = await self._odoo.call(
            call, READ, "res.partner", "search", context={"active_test": False}, domain=[], order="id"
        )
        return frozenset(str(each) for each in found)

    async def find(self, call: Call, customer_id: str) -> BackOfficeCustomer | None:
        """The partner under our external id: one that people merged is the one that it became.

        `load` is the only way to ask that every user has: with nothing but the external id it changes nothing of a
        partner that is there, and makes none that is not, for want of a name.
        """
        answer = await self._load(call, ["id"], [[customers.external_id(customer_id)]])
        if not answer["ids"]:
            if any(_NAMELESS in str(each.get("message", "")) for each in answer["messages"]):
                return None
            raise _refused(answer["messages"])
        return await self._one(call, answer["ids"][0])

    async def look_up(self, call: Call, keys: Sequence[CustomerKey]) -> tuple[BackOfficeCustomer, ...]:
        """Partners in use with one of these keys. What Odoo compares loosely is compared again here."""
        conditions = [each for key in keys if (each := _condition(key)) is not None]
        if not conditions:
            return ()
        either = ["|"] * (len(conditions) - 1) + conditions
        own = await self._own.readable(call)
        rows = await self._odoo.search_read(
            call, PARTNER, [*customers.WHO, *either], [*customers.FIELDS, *own.columns], order="id", limit=LOOKED_UP_MAX
        )
        wanted = set(keys)
        systems = {key.text.partition("\x1f")[0] for key in keys if key.kind == "reference"}
        return await self._mapped(call, [row for row in rows if wanted & _keys(row, systems)], own)

    async def write(self, call: Call, customer: Customer, foreign_id: str | None) -> BackOfficeCustomer:
        """Have the partner there as ours is. Without a foreign id it is made under our external id, once."""
        country = await self._country(call, None if customer.address is None else customer.address.country)
        wanted = customers.values(customer, country=country, price_list=self._price_list(customer))
        if foreign_id is not None:
            return await self._changed(call, number(foreign_id, "customer"), wanted)
        fields, data = customers.rows(customer.id, wanted)
        answer = await self._load(call, fields, data)
        if answer["ids"]:
            return await self._one(call, answer["ids"][0])
        raise _refused(answer["messages"])

    async def merge(self, call: Call, sources: Sequence[str], into: str) -> None:
        """Have Odoo's own wizard make one of them; it knows what refers to a partner."""
        target = number(into, "customer")
        wanted = [number(each, "customer") for each in sources]
        rows = await self._rows(call, [["id", "in", [target, *wanted]]], NO_OWN)
        there = {row["id"]: row for row in rows}
        if target not in there:
            raise NotFound(f"Odoo has no partner {into} any more")
        left = [each for each in wanted if each in there and each != target]
        for start in range(0, len(left), MERGED_AT_ONCE - 1):
            await self._merge(call, left[start : start + MERGED_AT_ONCE - 1], there[target])

    async def _merge(self, call: Call, sources: list[int], target: Mapping[str, Any]) -> None:
        try:
            await self._wizard(call, sources, target["id"])
        except Invalid:
            # Who may not administer Odoo may only merge partners of one address.
            values = {"email": target["email"]}
            await self._odoo.call(call, WRITE, "res.partner", "write", ids=sources, vals=values)
            await self._wizard(call, sources, target["id"])

    async def _wizard(self, call: Call, sources: list[int], target: int) -> None:
        model = "base.partner.merge.automatic.wizard"
        values = {"state": "selection", "partner_ids": [[6, 0, [target, *sources]]], "dst_partner_id": target}
        made = await self._odoo.call(call, WRITE, model, "create", vals_list=values)
        await self._odoo.call(call, BOOK, model, "action_merge", ids=made)

    async def _changed(self, call: Call, partner: int, wanted: dict[str, Any]) -> BackOfficeCustomer:
        rows = await self._rows(call, [["id", "=", partner]], NO_OWN)
        if not rows:
            raise NotFound(f"Odoo has no partner {partner} any more")
        values = customers.differing(rows[0], wanted)
        if values:
            await self._odoo.call(call, WRITE, "res.partner", "write", ids=[partner], vals=values)
        return await self._one(call, partner)

    async def _one(self, call: Call, partner: int) -> BackOfficeCustomer:
        own = await self._own.readable(call)
        mapped = await self._mapped(call, await self._rows(call, [["id", "=", partner]], own), own)
        if not mapped:
            raise NotFound(f"Odoo has no partner {partner} any more")
        return mapped[0]

    async def _load(self, call: Call, fields: list[str], data: list[list[str]]) -> Any:
        return await self._odoo.call(call, WRITE, "res.partner", "load", fields=fields, data=data)

    async def _rows(
        self, call: Call, wanted: list[Any], own: Readable, *, also: Sequence[str] = (), **arguments: Any
    ) -> list[dict[str, Any]]:
        fields = [*customers.FIELDS, *own.columns, *also]
        return await self._odoo.search_read(call, "res.partner", wanted, fields, archived=True, **arguments)

    async def _newest(self, call: Call) -> datetime | None:
        rows = await self._odoo.search_read(
            call, "res.partner", [], ["write_date"], archived=True, order="write_date desc", limit=1
        )
        return moment(rows[0]["write_date"]) if rows and text(rows[0]["write_date"]) else None

    async def _mapped(self, call: Call, rows: list[dict[str, Any]], own: Readable) -> tuple[BackOfficeCustomer, ...]:
        if not rows:
            return ()
        marks = await self._odoo.call(call, READ, "res.partner", "get_external_id", ids=[row["id"] for row in rows])
        await self._know({int(each) for row in rows if (each := reference(row["country_id"])) is not None}, call)
        held = await self._own.values(call, rows, own)
        if wrong := sum(bool(each.wrong) for each in held.values()):
            _log.warning(
                "own fields of %d of %d partners do not hold what is declared and are left out", wrong, len(rows)
            )
        mapped = [
            customers.customer(
                row,
                ours=customers.ours_of(marks.get(str(row["id"]))),
                countries=self._countries,
                lists=self._lists,
                own=held[row["id"]],
            )
            for row in rows
        ]
        found = tuple(each for each in mapped if each is not None)
        if len(found) < len(rows):
            _log.info("%d of the partners read have no name and are no customers", len(rows) - len(found))
        return found

    async def _know(self, countries: Iterable[int], call: Call) -> None:
        unknown = sorted(set(countries) - self._countries.keys())
        if unknown:
            rows = await self._odoo.search_read(call, "res.country", [["id", "in", unknown]], ["code"])
            self._countries |= {row["id"]: str(row["code"]) for row in rows}

    async def _country(self, call: Call, code: str | None) -> int | None:
        if code is None:
            return None
        found = next((each for each, known in self._countries.items() if known == code), None)
        if found is None:
            rows = await self._odoo.search_read(call, "res.country", [["code", "=", code]], ["code"], limit=1)
            self._countries |= {row["id"]: code for row in rows}
            if not rows:
                # Odoo would take what is no country for none, and say that all is well.
                violation = Violation(pointer="/address/country", detail="Odoo knows no country of this code")
                raise Invalid(f"Odoo knows no country {code}", violations=(violation,))
            found = rows[0]["id"]
        return found

    def _price_list(self, customer: Customer) -> int | None:
        if customer.price_list is None:
            return None
        try:
            return self._places.price_list(customer.price_list)
        except KeyError:
            remedy = "declare it under price_lists of the landscape, on this connection"
            raise Poison(f"Odoo does not know price list {customer.price_list}", remedy=remedy) from None


def _condition(key: CustomerKey) -> list[Any] | None:
    """How Odoo is asked for a key. `email` itself is compared letter by letter, so it is the normalised one; numbers
    are kept as typed, so their last nine digits are looked for with anything in between.
    """
    match key.kind:
        case "email":
            return ["email_normalized", "=", key.text]
        case "phone":
            return ["phone", "=like", "%" + "%".join(key.text[-9:]) + "%"]
        case "vat":
            return ["vat", "=ilike", "%".join(key.text)]
    system, _, value = key.text.partition("\x1f")
    return ["ref", "=", value] if system else None


def _keys(row: Mapping[str, Any], systems: Iterable[str]) -> set[CustomerKey]:
    """What a partner is found by; its own reference under whatever names this Odoo has."""
    found = {CustomerKey("email", email_key(each)) for each in [text(row["email_normalized"])] if each}
    found |= {CustomerKey("vat", vat_key(each)) for each in [text(row["vat"])] if each}
    phones = [phone_key(each) for name in ("phone_sanitized", "phone") if (each := text(row[name]))]
    if (own := text(row["ref"])) is not None:
        found |= {CustomerKey("reference", f"{system}\x1f{own.strip()}") for system in systems}
    return found | {CustomerKey("phone", each) for each in phones if each}


def _refused(messages: list[Mapping[str, Any]]) -> Exception:
    """What a `load` that made nothing says."""
    texts = [str(each.get("message", "")) for each in messages]
    if passing(texts):
        return TryAgain("another attempt to write this customer is under way in Odoo")
    details = "; ".join(dict.fromkeys(scrub(each) for each in texts if each))
    if any("not allowed to" in each for each in texts):
        return Forbidden(
            f"Odoo: {details}", remedy="give the user behind the connection's key the right Contact/Creation"
        )
    return Invalid(f"Odoo does not take the customer: {details}")
