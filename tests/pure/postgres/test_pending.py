from __future__ import annotations

import pytest

from tillway.errors import Misconfigured
from tillway.postgres.migrations import Applied, Migration, pending, refuse_old

FIRST = Migration("stock", 1, "schema", "expand", "...", "aa")
SECOND = Migration("stock", 2, "promises", "expand", "...", "bb")
OTHER = Migration("orders", 1, "schema", "expand", "...", "cc")


def done(migration: Migration, **changed: str) -> Applied:
    row = {"name": migration.name, "kind": migration.kind, "sha256": migration.sha256, "version": "1.0"} | changed
    return Applied(migration.room, migration.number, **row)


def test_what_is_not_applied_yet_is_pending_in_the_order_given() -> None:
    assert pending((FIRST, SECOND, OTHER), [done(SECOND)]) == (FIRST, OTHER)


def test_a_file_that_changed_after_it_was_applied_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"stock/001_schema was changed after release 1\.0 applied it"):
        pending((FIRST,), [done(FIRST, sha256="zz")])


def test_an_expansion_of_a_newer_release_is_no_hindrance() -> None:
    assert pending((FIRST,), [done(FIRST), done(SECOND, version="2.0")]) == ()


def test_a_contraction_of_a_newer_release_names_the_release_to_run() -> None:
    with pytest.raises(Misconfigured) as refused:
        pending((FIRST,), [done(FIRST), done(SECOND, kind="contract", version="2.0")])
    assert refused.value.remedy == "run release 2.0 or newer, which applied it"


def test_an_old_postgres_is_refused_with_a_way_out() -> None:
    with pytest.raises(Misconfigured, match="is Postgres 14, the hub needs 15 or newer") as refused:
        refuse_old(14, "postgresql://hub:pw@db/tillway")
    assert "upgrade it" in refused.value.remedy
    assert "pw" not in str(refused.value)
    refuse_old(15, "postgresql://db/tillway")
