"""What a handler is asked and what it answers: the only words between the gateway and the operations behind it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import msgspec

from tillway.contracts import Operation
from tillway.gateway.idempotency import Claim, claiming
from tillway.gateway.trail import Trail
from tillway.identity import Grant
from tillway.landscape import Landscape
from tillway.postgres import LONGEST_CUT_SECONDS, TRANSACTION_CUT_SECONDS, Database, Tx


class Answer(msgspec.Struct, frozen=True):
    """What to answer: the status, a body that msgspec can write as JSON (None: no body) and further headers."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request that passed every stage.

    `path` and `query` hold parameters as their schemas have them, `body` the decoded JSON. `grant` must be applied to
    whatever is loaded or listed, `landscape` is the one the request keeps to its end. `deadline` is when nobody waits
    for the answer any more. `doubt` says, for facts only, why the sender's right to send is in question: the fact is
    kept all the same, in quarantine. `peer` is the address it came from, as far as that is known, `device` the
    enrolled device that asks for the consumer of the grant, if one does. `headers` are those sent, in lower case: for
    who hands a request on and takes from them what the contract declares.
    """

    operation: Operation
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any
    grant: Grant
    landscape: Landscape
    correlation: str
    causation: str | None
    traceparent: str
    now: datetime
    deadline: datetime
    doubt: str | None = None
    claim: Claim | None = None
    trail: Trail | None = None
    peer: str = ""
    device: str | None = None
    headers: Mapping[bytes, bytes] = {}

    def transaction(self, database: Database) -> AbstractAsyncContextManager[Tx]:
        """The transaction of this request. With an Idempotency-Key it waits for an identical one in flight.

        What changes something for this request does it in here: the entry of the audit commits with it.
        """
        cut = TRANSACTION_CUT_SECONDS if self.claim is None else LONGEST_CUT_SECONDS
        return database.transaction(cut, closing=None if self.trail is None else self.trail.closing)

    def settle(self, tx: Tx, answer: Answer) -> None:
        """Keep `answer` for repetitions of this request, in the transaction that makes it true.

        Call it once in every transaction that ends a request whose operation honours the Idempotency-Key. The audit
        takes the outcome and the id of what was made from it.
        """
        if self.trail is not None:
            self.trail.settle(answer.status, answer.headers)
        if self.claim is not None:
            tx.stage(claiming(self.claim, answer.status, answer.headers, answer.body))


Handler = Callable[[Ask], Coroutine[Any, Any, Answer]]
