"""One delivery: choose, sign, post, judge, note. At least once, always with the event's id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from tillway import clock
from tillway.errors import Misconfigured, OutcomeUnknown, Poison, TryAgain, Unavailable
from tillway.identity import Restrictions
from tillway.journal import Recorded
from tillway.landscape import Active
from tillway.outbound import Client, Limits, Reply, Request
from tillway.postgres import Database
from tillway.subscriptions import registry
from tillway.subscriptions.attempts import attempted
from tillway.subscriptions.judging import Delivered, Hold, Off, Park, judge, parse_retry_after
from tillway.subscriptions.selection import visible, wire
from tillway.subscriptions.signing import headers
from tillway.subscriptions.subscription import Subscription, may_be_told

MEDIA_TYPE: Final = "application/cloudevents+json"

# For the whole exchange, Standard Webhooks: 15 to 30 seconds. A receiver keeps first and works afterwards.
DELIVERY_SECONDS: Final = 15.0

# Nothing of an answer's body is used; this much is read so that the connection can be used again.
ANSWER_BYTES: Final = 1024 * 1024

Restricted = Callable[[], Restrictions]
"""What is suspended or revoked at this moment."""

_LIMITS: Final = Limits(total=DELIVERY_SECONDS, answer=ANSWER_BYTES)


class Courier:
    """Delivers to the receivers of one process. Subscriptions, landscape and restrictions are those of each attempt."""

    def __init__(self, db: Database, client: Client, active: Active, restricted: Restricted) -> None:
        self._db = db
        self._client = client
        self._active = active
        self._restricted = restricted

    async def deliver(self, to: Subscription, keys: Sequence[str], event: Recorded) -> None:
        """Deliver one event, or pass over what this receiver may not be told.

        TryAgain and OutcomeUnknown: the receiver is not able now. Poison: it refuses this event. When it wants
        nothing more the subscription is switched off, and the event stays with it.
        """
        landscape = self._active.current
        who = may_be_told(landscape, to.consumer, clock.now(), self._restricted())
        if who is None:
            raise Unavailable(f"{to.consumer} may be told nothing any more")
        if not visible(who, event):
            return
        began = clock.now()
        request = _request(to, wire(who, event, landscape), event, keys, began)
        try:
            reply = await self._client.send(request)
        except (TryAgain, OutcomeUnknown, Misconfigured) as error:
            # No answer, or an address that may not be called: nothing is wrong with the event, so everything waits.
            await self._note(to, event, began=began, status=None, failure=error.detail)
            raise Unavailable(error.detail, remedy=error.remedy) from error
        await self._conclude(to, event, reply, began)

    async def _conclude(self, to: Subscription, event: Recorded, reply: Reply, began: datetime) -> None:
        verdict = judge(reply.status, parse_retry_after(reply.headers.get("retry-after"), clock.now()))
        failure = None if isinstance(verdict, Delivered) else f"answered {reply.status}"
        await self._note(to, event, began=began, status=reply.status, failure=failure)
        match verdict:
            case Delivered():
                return
            case Hold(retry_after):
                raise Unavailable(f"the receiver answered {reply.status}", retry_after=retry_after)
            case Park():
                raise Poison(f"the receiver answered {reply.status}")
            case Off():
                await registry.disable(self._db, to.id, "the receiver answered 410: it wants nothing more")
                raise Unavailable("the receiver answered 410 and was switched off")

    async def _note(
        self, to: Subscription, event: Recorded, *, began: datetime, status: int | None, failure: str | None
    ) -> None:
        part = attempted(
            to.id, event.id, event.position, status=status, failure=failure, began=began, ended=clock.now()
        )
        async with self._db.transaction() as tx:
            tx.stage(part)


def _request(to: Subscription, body: bytes, event: Recorded, keys: Sequence[str], now: datetime) -> Request:
    signed = headers(keys, str(event.id), now, body)
    traced: Mapping[str, str] = {} if event.traceparent is None else {"traceparent": event.traceparent}
    return Request(
        method="POST",
        url=to.url,
        headers={"Content-Type": MEDIA_TYPE, **signed, **traced},
        body=body,
        changes=True,
        limits=_LIMITS,
        upstream=f"the receiver of {to.id}",
    )
