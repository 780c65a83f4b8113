from __future__ import annotations

from tillway.postgres import Database


async def test_json_is_text_both_ways(db: Database) -> None:
    assert await db.fetchval("SELECT $1::jsonb", '{"a":1}') == '{"a": 1}'


async def test_two(db: Database) -> None:
    assert await db.fetchval("SELECT 1") == 1
