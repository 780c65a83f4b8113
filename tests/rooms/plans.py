"""What Postgres does for a statement: its plan, executed, for these values and for any (the generic plan)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
from tests.postgres_cluster import RunningCluster, run

from tillway.postgres import Database


def loaded(cluster: RunningCluster, statements: Sequence[str]) -> Iterator[str]:
    """A database of its own, filled by these statements one after another: its DSN, until the tests are over."""
    made = cluster.database()

    async def load() -> None:
        async with Database(made, "load") as db:
            for each in statements:
                await db.fetch(each)

    run(load())
    yield made
    cluster.drop(made)


def literal(value: object) -> str:
    """As SQL text; for the few types that statements here take."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return "'{" + ",".join(str(each) for each in value) + "}'"  # of simple words: takes the parameter's own type
    return "'" + str(value).replace("'", "''") + "'"


async def plans(dsn: str, sql: str, *args: Any) -> list[dict[str, Any]]:
    """The custom and the generic plan, each executed in a transaction that is undone."""
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    found = []
    try:
        await connection.execute(f"PREPARE statement AS {sql}")
        for mode in ("force_custom_plan", "force_generic_plan"):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
            values = ", ".join(literal(each) for each in args)
            execute = f"EXECUTE statement({values})" if args else "EXECUTE statement"
            text = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {execute}")
            found.append(json.loads(text)[0]["Plan"])
            await transaction.rollback()
    finally:
        await connection.close()
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def scans(node: dict[str, Any]) -> bool:
    """Whether it reads a table; the targets of writes have a name, too."""
    return node["Node Type"].endswith("Scan") and "Relation Name" in node


def scanned_whole(plan: dict[str, Any]) -> list[str]:
    """Tables that are read from end to end, and are not empty."""
    return sorted(
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan"
        and node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    )


def touched(plan: dict[str, Any], prefix: str) -> list[str]:
    """Tables of that prefix that were really looked into."""
    return sorted(
        {
            node["Relation Name"]
            for node in nodes(plan)
            if scans(node) and node["Relation Name"].startswith(prefix) and node["Actual Loops"] > 0
        }
    )


def rows_looked_at(plan: dict[str, Any]) -> int:
    """Rows that scans gave and rows that they threw away again."""
    return int(
        sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in nodes(plan)
            if scans(node)
        )
    )
