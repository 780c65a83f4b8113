"""What is wrong with master data is opened once, keeps its age, and ends when it is right or gone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.rooms.records.source import Erp
from tests.rooms.records.test_refresh import shirt

from tillway.postgres import Database
from tillway.records import Refresher, findings
from tillway.records.findings import Look
from tillway.retail import Call, CataloguePage, DataFinding


def wrong(foreign_id: str, kind: Any = "no-price", **given: Any) -> DataFinding:
    return DataFinding(
        **{"foreign_id": foreign_id, "sku": f"SKU-{foreign_id}", "kind": kind, "left_out": False, "detail": kind}
        | given
    )


class Untidy(Erp):
    """An ERP with something wrong; each reading reads `read`."""

    def __init__(self, *found: DataFinding) -> None:
        super().__init__(shirt(1))
        self.found = found
        self.exists: frozenset[str] | None = None

    async def products(self, call: Call, *, cursor: str | None, limit: int) -> CataloguePage:
        page = await super().products(call, cursor=cursor, limit=limit)
        return CataloguePage(items=page.items, cursor=page.cursor, more=page.more, read=("1", "2"), findings=self.found)

    async def alive(self, call: Call, foreign_ids: Iterable[str]) -> frozenset[str]:  # noqa: ARG002 - the protocol's
        return frozenset(foreign_ids) if self.exists is None else self.exists


async def listed(db: Database, **given: Any) -> list[tuple[str, str, str]]:
    return [(each.foreign_id, each.kind, each.detail) for each in await findings.page(db, Look(**given), 100)]


async def test_a_finding_is_opened_once_and_ends_when_its_record_is_read_without_it(db: Database) -> None:
    erp = Untidy(wrong("1"), wrong("2", "gtin-wrong"))
    refresher = Refresher(db, erp.source())
    await refresher.once()
    (first, _) = await findings.page(db, Look(), 100)
    erp.found = (wrong("1", detail="still no price"),)
    await refresher.once()
    (again,) = await findings.page(db, Look(), 100)
    assert (again.id, again.found_at, again.detail) == (first.id, first.found_at, "still no price")
    assert await listed(db, ended=True) == [("2", "gtin-wrong", "gtin-wrong")]
    assert await findings.counted(db, "odoo") == {"no-price": 1}
    erp.found = (wrong("1"), wrong("2", "gtin-wrong"))
    await refresher.once()
    assert len(await findings.page(db, Look(), 100)) == 2


async def test_a_record_that_was_left_out_and_is_gone_is_wrong_no_more(db: Database) -> None:
    erp = Untidy(wrong("2", "no-sku", sku=None, left_out=True), wrong("1"))
    refresher = Refresher(db, erp.source())
    await refresher.once()
    assert len(await listed(db)) == 2
    erp.exists, erp.found = frozenset(), (wrong("1"), wrong("2", "no-sku", sku=None, left_out=True))
    await refresher.once()
    assert await listed(db) == [("1", "no-price", "no-price")]


async def test_findings_are_chosen_by_kind_code_and_place(db: Database) -> None:
    erp = Untidy(wrong("1"), wrong("1", "gtin-missing"), wrong("2"))
    await Refresher(db, erp.source()).once()
    assert await listed(db, kind="gtin-missing") == [("1", "gtin-missing", "gtin-missing")]
    assert await listed(db, sku="SKU-2") == [("2", "no-price", "no-price")]
    assert await listed(db, connection="elsewhere") == []
    every = await findings.page(db, Look(), 100)
    assert [each.id for each in await findings.page(db, Look(after=every[0].id), 100)] == [
        each.id for each in every[1:]
    ]
