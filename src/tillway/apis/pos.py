"""Sales of tills: `pos.v1`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from tillway.apis.causing import cause
from tillway.apis.receipts import Judge, receipt
from tillway.contracts import Document, checker, pruner
from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler, verdict
from tillway.postgres import Database
from tillway.records import sales
from tillway.records.sales import Receipt, Taken

# Sales of one transaction: it stays well under its cut, and a batch that is repeated goes on where it broke off.
AT_ONCE: Final = 50

_REPORT: Final = "/components/schemas/SaleReport"


def bind(db: Database, document: Document) -> dict[str, Handler]:
    """The handlers of this document."""
    judge = Judge(checker(document.content, _REPORT), pruner(document.content, _REPORT))

    async def record_sales(ask: Ask) -> Answer:
        taken: list[Taken] = []
        for batch in batches(_judged(ask, judge)):
            async with ask.transaction(db) as tx:
                done = await sales.record(tx, batch, consumer=ask.grant.consumer, device=ask.device, cause=cause(ask))
                ask.settle(tx, _answer(done))
            taken += done
        return _answer(taken)

    async def get_sale(ask: Ask) -> Answer:
        found = await sales.get(db, ask.path["id"])
        if ask.grant.shops is not None and found["shop"] not in ask.grant.shops:
            raise NotFound("no sale has this id")
        return Answer(200, found)

    return {"recordSales": record_sales, "getSale": get_sale}


def batches(receipts: Iterable[Receipt]) -> Iterator[list[Receipt]]:
    """Receipts in their order, at most AT_ONCE, no id twice in one batch: the second is judged by the first. Pure."""
    batch: dict[str, Receipt] = {}
    for each in receipts:
        if len(batch) == AT_ONCE or each.id in batch:
            yield list(batch.values())
            batch = {}
        batch[each.id] = each
    if batch:
        yield list(batch.values())


def _judged(ask: Ask, judge: Judge) -> Iterator[Receipt]:
    flags = verdict(ask.operation, ask.landscape) == "flag"
    for each in ask.body["sales"]:
        found, ignored = receipt(
            each, judge=judge, flags=flags, grant=ask.grant, landscape=ask.landscape, doubt=ask.doubt
        )
        if ask.trail is not None and (ignored or found.violations):
            ask.trail.met(ignored)
            ask.trail.found(found.violations)
        yield found


def _answer(taken: Sequence[Taken]) -> Answer:
    """What became of each. 202 tells that at least one is in quarantine."""
    results = [
        {"id": each.id, "status": each.status}
        | ({"violations": [_told(violation) for violation in each.violations]} if each.violations else {})
        for each in taken
    ]
    headers = (("Location", f"/pos/v1/sales/{taken[0].id}"),) if len(taken) == 1 else ()
    status = 202 if any(each.status == "quarantined" for each in taken) else 201
    return Answer(status, {"sales": results}, headers)


def _told(violation: Any) -> dict[str, str]:
    return {"pointer": violation.pointer, "detail": violation.detail, "rule": violation.rule}
