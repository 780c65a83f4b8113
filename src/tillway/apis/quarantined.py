"""Sales in quarantine, looked at, released and closed: part of `operations.v1`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tillway import clock
from tillway.apis.acts import by, reason
from tillway.apis.parked import CLEAR
from tillway.apis.receipts import Storing, identified, misplaced
from tillway.apis.revealing import shown
from tillway.contracts import Check, Document, checker, classes_of
from tillway.errors import Conflict, Invalid
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.postgres import Database
from tillway.records import quarantine
from tillway.records.quarantine import Decision, Quarantined
from tillway.retail import Sale, audit_sale, parse

_REPORT: Final = "/components/schemas/SaleReport"


def bind(db: Database, document: Document) -> dict[str, Handler]:
    """The handlers; `document` is the contract that sales come in by."""
    check = checker(document.content, _REPORT)
    classes = classes_of({**document.content, "$ref": f"#{_REPORT}"})

    async def list_quarantined(_ask: Ask) -> Answer:
        return Answer(200, {"sales": [_told(found) for found in await quarantine.every(db)]})

    async def get_quarantined(ask: Ask) -> Answer:
        found = await quarantine.one(db, ask.path["id"])
        return Answer(200, _told(found) | {"sale": shown(found.body, classes, CLEAR, "sale", found.id)})

    async def release_sale(ask: Ask) -> Answer:
        found = await quarantine.one(db, ask.path["id"])
        corrections = Storing().storable(ask.body.get("corrections", {}))
        sale = sound(found, corrections, check, ask.landscape)
        corrected = sorted(corrections)
        async with ask.transaction(db) as tx:
            await quarantine.release(tx, found, sale, corrected, Decision(by=by(ask), reason=reason(ask)))
            answer = Answer(200, _decided(ask, found, "recorded") | {"corrected": corrected})
            ask.settle(tx, answer)
        return answer

    async def close_sale(ask: Ask) -> Answer:
        found = await quarantine.one(db, ask.path["id"])
        async with ask.transaction(db) as tx:
            await quarantine.close(tx, found, Decision(by=by(ask), reason=reason(ask)))
            answer = Answer(200, _decided(ask, found, "closed") | {"corrected": []})
            ask.settle(tx, answer)
        return answer

    return {
        "listQuarantined": list_quarantined,
        "getQuarantined": get_quarantined,
        "releaseSale": release_sale,
        "closeSale": close_sale,
    }


def sound(found: Quarantined, corrections: dict[str, Any], check: Check, landscape: Landscape) -> Sale:
    """The sale as it may be booked: what was sent with members put right, judged as if it came in now. Pure.

    Whether its sender might send it is what the person has looked at. Invalid with everything that is still wrong;
    Conflict for what can never be booked under its id: a second content of a known sale, or one without identity.
    """
    put_right = {**(found.body or {}), **corrections}
    body = {name: value for name, value in put_right.items() if name not in corrections or value is not None}
    if identified(body) != found.id:
        raise Conflict(
            "this is no sale of its own: its till, epoch and sequence are not its id's",
            remedy="have it sent again with what it lacks, or book it by hand; then close this one",
        )
    body["id"] = found.id
    violations = check(body)
    if not violations:
        sale = parse(body, Sale)
        violations = (*audit_sale(sale), *misplaced(sale, landscape))
        if not violations:
            return sale
    raise Invalid(
        "this sale cannot be booked as it stands",
        violations=violations,
        remedy="put right what is wrong with `corrections`, or in the landscape; or book it by hand and close it",
    )


def _told(found: Quarantined) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(found)
    del told["body"]
    return told


def _decided(ask: Ask, found: Quarantined, status: str) -> dict[str, Any]:
    return {"id": found.id, "status": status, "at": clock.iso(ask.now)}
