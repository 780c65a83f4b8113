"""After the handler: an answer is cut to the classes of data that its asker may read."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from tillway.contracts import Cuts, Tally
from tillway.gateway.ask import Answer
from tillway.gateway.idempotency import Kept

Counted = Callable[[str, int, int], None]
"""Told of what was cut: operation, fields withheld, fields that no contract knows."""

_log = logging.getLogger("tillway.gateway")


class Minimiser:
    """Cuts the answers of one operation."""

    __slots__ = ("_counted", "_cuts", "_operation")

    def __init__(self, operation: str, cuts: Cuts, counted: Counted) -> None:
        self._operation = operation
        self._cuts = cuts
        self._counted = counted

    def answer(self, answer: Answer, classes: frozenset[str]) -> Answer:
        """The same answer when nothing has to go."""
        cut = None if answer.body is None else self._cuts.of(answer.status, classes)
        if cut is None or cut.keeps(type(answer.body)):
            return answer
        tally = Tally()
        body = cut.of(answer.body, tally)
        if body is answer.body:
            return answer
        self._tell(tally)
        return msgspec.structs.replace(answer, body=body)

    def kept(self, kept: Kept, classes: frozenset[str]) -> Kept:
        """A stored answer for whoever asks now: it was kept whole, and rights change."""
        cut = None if kept.body is None else self._cuts.of(kept.status, classes)
        if cut is None or kept.body is None:
            return kept
        tally, whole = Tally(), msgspec.json.decode(kept.body)
        body = cut.of(whole, tally)
        if body is whole:
            return kept
        self._tell(tally)
        return msgspec.structs.replace(kept, body=msgspec.json.encode(body))

    def _tell(self, tally: Tally) -> None:
        if tally.withheld or tally.unknown:
            self._counted(self._operation, tally.withheld, tally.unknown)
        if tally.unknown:
            _log.warning("%s answers with %d fields its contract does not know", self._operation, tally.unknown)
