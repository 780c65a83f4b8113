"""So many seconds for a handler. One that answers without waiting is done before a timer would have been armed."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

R = TypeVar("R")


class Late(Exception):
    """It waited, and was not done in time. It was cancelled."""


async def in_time(work: Coroutine[Any, Any, R], seconds: float) -> R:
    """What comes of the work, or what it raises. Late when it took more than so many seconds of waiting."""
    try:
        waited_for = work.send(None)
    except StopIteration as done:
        answer: R = done.value
        return answer
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            return await _resumed(work, waited_for)
    except TimeoutError as error:
        if timer.expired():
            raise Late from error
        raise


@types.coroutine
def _resumed(work: Coroutine[Any, Any, R], waited_for: Any) -> Generator[Any, Any, R]:
    """The rest of work whose first step was done by hand, for the same task to await."""
    while True:
        try:
            try:
                told = yield waited_for
            except BaseException as error:  # noqa: BLE001 - whatever it is, a cancellation first of all, is the work's
                waited_for = work.throw(error)
            else:
                waited_for = work.send(told)
        except StopIteration as done:
            answer: R = done.value
            return answer
