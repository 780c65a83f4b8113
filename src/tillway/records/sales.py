"""Sales: facts from tills. Kept whatever they say; what does not add up is quarantined with an owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec

from tillway import ids, journal
from tillway.errors import NotFound, Violation
from tillway.journal import Event
from tillway.postgres import Part, Tx
from tillway.records.claims import claiming, claims_of
from tillway.records.sealed import opened_sale, sealed_sale
from tillway.records.statements import SQL, digest, document
from tillway.records.tracing import Cause
from tillway.retail import Sale, sale_id

SaleStatus = Literal["recorded", "duplicate", "quarantined"]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One sale as it came in: `sale` when it could be read, `body` (already cut of card numbers) in any case.

    `owner` answers for it while it is quarantined; violations empty means it is sound.
    """

    id: str
    body: dict[str, Any]
    sale: Sale | None
    violations: tuple[Violation, ...] = ()
    owner: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one sale that was sent."""

    id: str
    status: SaleStatus
    violations: tuple[Violation, ...] = ()


async def record(
    tx: Tx, receipts: Sequence[Receipt], *, consumer: str, cause: Cause, device: str | None = None
) -> tuple[Taken, ...]:
    """Take sales in: records and `sale.recorded` or `sale.quarantined`; what became of each, in order.

    A repeated identity with the same content is a duplicate, or still quarantined if it was. With other content it is
    kept too, quarantined under an id of its own, for a person to compare.
    """
    first = {receipt.id: receipt for receipt in reversed(receipts)}
    fresh = await _insert(tx, tuple(first.values()), consumer, device)
    known = await _held(tx, first) if len(fresh) < len(receipts) else {}
    taken: list[Taken] = []
    told: list[Receipt] = []
    conflicts: list[Receipt] = []
    for receipt in receipts:
        if UUID(receipt.id) in fresh:
            fresh.discard(UUID(receipt.id))
            told.append(receipt)
            taken.append(_taken(receipt))
        elif known[receipt.id].content == digest(document(receipt.body)):
            taken.append(known[receipt.id].repeated(receipt.id))
        else:
            conflicts.append(_conflict(receipt))
            taken.append(_taken(conflicts[-1]))
    if conflicts:
        kept = await _insert(tx, conflicts, consumer, device)
        told += [conflict for conflict in {each.id: each for each in conflicts}.values() if UUID(conflict.id) in kept]
    if told:
        tx.stage(journal.appending([_event(receipt, cause) for receipt in told]))
        for part in _claims(receipt.sale for receipt in told if receipt.sale and not receipt.violations):
            tx.stage(part)
    return tuple(taken)


def recorded(sale: Sale, cause: Cause) -> Event:
    """`sale.recorded`: it is kept and counts."""
    return cause.event(
        "sale.recorded",
        subject=sale.id,
        data=_identity(sale) | {"lines": msgspec.to_builtins(sale.lines)},
    )


def booked(sale: Sale, *, connection: str, foreign: str, name: str, cause: Cause) -> Event:
    """`sale.booked`: in the back office, once."""
    return cause.event(
        "sale.booked",
        subject=sale.id,
        data=_identity(sale) | {"back_office": {"connection": connection, "id": foreign, "name": name}},
    )


def claimed(sale: Sale) -> tuple[Part, ...]:
    """The part that counts what was sold as gone, until a reading of the back office shows it."""
    return _claims((sale,))


def settle(sale_id: str, status: str) -> Part:
    """The part that notes how far a sale got."""
    return Part("records_sale_settled", SQL["settle_sale"], (UUID(sale_id), status))


async def get(db: Any, sale_id: str) -> dict[str, Any]:
    """One sale as kept, with its status, owner and violations. NotFound when there is none of that id."""
    try:
        key = UUID(sale_id)
    except ValueError:
        raise NotFound("no sale has this id") from None
    row = await db.fetchrow(SQL["sale"], key)
    if row is None:
        raise NotFound("no sale has this id")
    return {
        "id": str(row["id"]),
        "shop": row["shop"],
        "status": row["status"],
        "owner": row["owner"],
        "received_at": row["received_at"],
        "violations": [] if row["violations"] is None else msgspec.json.decode(row["violations"]),
        "sale": opened_sale(row["document"], str(row["id"])),
    }


async def by_sequence(db: Any, till: str, epoch: str, sequence: int) -> str | None:
    """The id of the sale with this place in a till's count; None when it was never recorded."""
    found = await db.fetchval(SQL["sale_by_sequence"], till, epoch, sequence)
    return None if found is None else str(found)


async def read(db: Any, sale_id: str) -> Sale:
    """The sale itself, for those who book it. NotFound when there is none or it could never be read."""
    found = await get(db, sale_id)
    return msgspec.convert(found["sale"], Sale)


def taken_back_by(sale: Sale) -> tuple[str, ...]:
    """The ids of other sales whose lines this one takes back. Pure."""
    named = [line.refund_of for line in sale.lines if line.refund_of is not None]
    return tuple(sorted({sale_id(of.till, of.epoch, of.sequence) for of in named} - {sale.id}))


async def on_their_way(db: Any, sale_ids: Iterable[str]) -> tuple[str, ...]:
    """Which of these sales a process is about to book. One that waits for a person, or was never told, is none."""
    keys = [UUID(each) for each in sale_ids]
    rows = await db.fetch(SQL["sales_known"], keys) if keys else []
    return tuple(sorted(str(row["id"]) for row in rows if row["status"] == "recorded"))


def _claims(sold: Iterable[Sale]) -> tuple[Part, ...]:
    return claiming(
        "sale",
        [
            claim
            for sale in sold
            for claim in claims_of(sale.id, sale.shop, ((line.sku, line.quantity) for line in sale.lines))
        ],
    )


async def _insert(tx: Tx, receipts: Sequence[Receipt], consumer: str, device: str | None) -> set[UUID]:
    once = {receipt.id: receipt for receipt in reversed(receipts)}
    rows = [_row(receipt, consumer, device) for receipt in sorted(once.values(), key=lambda receipt: receipt.id)]
    return {row[0] for row in await tx.fetch(SQL["save_sales"], *[list(column) for column in zip(*rows, strict=True)])}


class _Held(msgspec.Struct, frozen=True):
    """What is kept of a sale that was sent before."""

    content: bytes
    status: str
    violations: tuple[Violation, ...]

    def repeated(self, sale: str) -> Taken:
        """What its sender is told when it sends the same again."""
        if self.status == "quarantined":
            return Taken(id=sale, status="quarantined", violations=self.violations)
        return Taken(id=sale, status="duplicate")


async def _held(tx: Tx, ids_of: Iterable[str]) -> dict[str, _Held]:
    rows = await tx.fetch(SQL["sales_content"], [UUID(each) for each in ids_of])
    return {str(row["id"]): _Held(row["content_hash"], row["status"], _violations(row["violations"])) for row in rows}


def _violations(text: str | None) -> tuple[Violation, ...]:
    return () if text is None else tuple(Violation(**item) for item in msgspec.json.decode(text))


def _conflict(receipt: Receipt) -> Receipt:
    """The same identity with other content: a fact too, under an id made of both."""
    changed = digest(document(receipt.body)).hex()
    return Receipt(
        id=conflict_id(receipt.id, changed),
        body=receipt.body,
        sale=None,
        violations=(
            Violation(pointer="/sequence", detail="this sale was recorded before with other content", rule="conflict"),
        ),
        owner=receipt.owner,
    )


def conflict_id(sale_id: str, content: str) -> str:
    """The id under which differing content of a known sale is kept; the same for the same content."""
    return str(ids.named("sale-conflict", sale_id, content))


def _taken(receipt: Receipt) -> Taken:
    status: SaleStatus = "quarantined" if receipt.violations else "recorded"
    return Taken(id=receipt.id, status=status, violations=receipt.violations)


def _row(receipt: Receipt, consumer: str, device: str | None) -> tuple[Any, ...]:
    sale, text = receipt.sale, document(receipt.body)
    sound = not receipt.violations
    return (
        UUID(receipt.id),
        consumer,
        sale.till if sale else None,
        sale.epoch if sale else None,
        sale.sequence if sale else None,
        sale.shop if sale else None,
        sale.business_day if sale else None,
        "recorded" if sound else "quarantined",
        None if sound else receipt.owner,
        None if sound else document([_violation(item) for item in receipt.violations]),
        digest(text),
        sealed_sale(receipt.body, receipt.id, sound=sale is not None),
        device,
    )


def _event(receipt: Receipt, cause: Cause) -> Event:
    if receipt.violations or receipt.sale is None:
        return cause.event(
            "sale.quarantined",
            subject=receipt.id,
            data={
                "owner": receipt.owner,
                "shop": receipt.sale.shop if receipt.sale else None,
                "violations": [_violation(item) for item in receipt.violations],
            },
        )
    return recorded(receipt.sale, cause)


def _identity(sale: Sale) -> dict[str, Any]:
    return {
        "shop": sale.shop,
        "till": sale.till,
        "epoch": sale.epoch,
        "sequence": sale.sequence,
        "business_day": date.isoformat(sale.business_day),
        "sold_at": msgspec.to_builtins(sale.sold_at),
        "currency": sale.currency,
        "gross": str(sale.gross),
        "kind": sale.kind,
    }


def _violation(item: Violation) -> dict[str, str]:
    return {"pointer": item.pointer, "detail": item.detail, "rule": item.rule}
