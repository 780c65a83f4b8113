"""The two flows as values, without a database behind them, and small ones to plant mistakes in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tillway.processes import Definition, On, Outcome, Step, Work, book_sale, place_order
from tillway.processes.definition import START, Beginning

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

# Reading the tables asks nobody: neither the database nor the back offices are touched.
PLACE_ORDER = place_order(None, None)  # type: ignore[arg-type]
BOOK_SALE = book_sale(None, None)  # type: ignore[arg-type]


async def nothing(work: Work) -> Outcome:
    return Outcome(event="done")


def begin(_: str, data: Mapping[str, Any]) -> Beginning:
    return Beginning(data=data)


def tell(*_: object) -> tuple[tuple[()], tuple[()]]:
    return (), ()


def step(state: str, tag: Any = "retriable", compensation: str | None = None, retry: Any = None) -> Step:
    given = {} if retry is None else {"retry": tuple(timedelta(seconds=each) for each in retry)}
    return Step(state=state, act=nothing, tag=tag, compensation=compensation, **given)


def flow(**given: Any) -> Definition:
    """start -> doing -> done; an exception may be tried again."""
    return Definition(
        **{
            "name": "flow",
            "version": 1,
            "starts_on": "thing.happened",
            "owner": "test",
            "deadline": timedelta(hours=1),
            "steps": (step("doing"),),
            "table": (On(START, "thing.happened", "doing"), On("doing", "done", "finished")),
            "ends": frozenset({"finished"}),
            "begin": begin,
            "tell": tell,
            **given,
        }
    )
