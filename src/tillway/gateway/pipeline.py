"""The pipeline: the stages in their order, for one request to an operation.

    route -> lifecycle -> authenticate -> consumer state -> authorise -> admission -> quota
    -> parameters -> body -> schema -> claim -> a slot -> handler -> answer

Each stage stands in a file of its own; a refusal of any of them is an error of `tillway.errors` on its way to `door`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tillway import clock
from tillway.contracts import Operation
from tillway.errors import Gone, OutcomeUnknown, Rejected, TillwayError, Unauthenticated, Unavailable
from tillway.gateway import idempotency, lives, reviewing, schema, strange
from tillway.gateway.admission import Admission
from tillway.gateway.answering import Headers, Outgoing, check, outgoing
from tillway.gateway.ask import Ask
from tillway.gateway.authenticate import Asker, authenticate
from tillway.gateway.authorise import ANYBODY, Admitted, Authoriser
from tillway.gateway.body import read_json
from tillway.gateway.consumer_state import Restricted, in_good_standing
from tillway.gateway.context import Context, text
from tillway.gateway.deadline import seconds_allowed
from tillway.gateway.in_time import Late, in_time
from tillway.gateway.lifecycle import Lifecycle
from tillway.gateway.lives import Life
from tillway.gateway.presenting import NONCE, presented
from tillway.gateway.quota import Quotas
from tillway.gateway.routes import Route
from tillway.gateway.step_up import stepped_up
from tillway.gateway.trail import Trail
from tillway.identity import SigningKeys, current_nonce
from tillway.landscape import Active, Landscape
from tillway.postgres import Database
from tillway.web import Incoming

_DEADLINE: Final = b"x-deadline-ms"
_IDEMPOTENCY_KEY: Final = b"idempotency-key"


class Request(msgspec.Struct, frozen=True):
    """One request as it stands on the line.

    `peer` is the address of whoever asks, `hop` that of the connection: a trusted proxy's, or the same.
    """

    headers: Mapping[bytes, bytes]
    query: bytes
    incoming: Incoming
    context: Context
    peer: str = ""
    method: str = ""
    path: str = ""
    hop: str = ""


class Seen(msgspec.Struct):
    """What is served and who asks, as soon as it is known: told to the observer also when a later stage refuses."""

    operation: str
    trail: Trail
    consumer: str | None = None
    fields: Headers = msgspec.field(default_factory=list)
    slowed: bool = False


class Stages(msgspec.Struct, frozen=True):
    """What the stages look at: keys, rules, what is restricted, and quotas (none: nobody's are counted)."""

    lifecycle: Lifecycle
    keys: SigningKeys
    active: Active
    restricted: Restricted
    database: Database
    quotas: Quotas | None


class Pipeline:
    """The stages with what they need. `check_answers` holds answers against the contract: for tests only."""

    def __init__(self, stages: Stages, admission: Admission, *, check_answers: bool) -> None:
        self._lifecycle = stages.lifecycle
        self._keys = stages.keys
        self._active = stages.active
        self._restricted = stages.restricted
        self._database = stages.database
        self._quotas = stages.quotas
        self._admission = admission
        self._check_answers = check_answers
        self._authoriser = Authoriser()

    async def run(self, route: Route, found: Mapping[str, str], request: Request, seen: Seen) -> Outgoing:
        """The answer to one request; `found` are the parameters in its path. Raises whatever refuses it."""
        now, headers, operation = clock.now(), request.headers, route.checks.operation
        landscape = self._active.current
        seen.trail.asked(operation, found, landscape.hash, now)
        life = lives.of(operation, landscape)
        if life is not None:
            seen.fields += life.fields
        if operation.public:
            _open(life, operation, now)
            admitted = ANYBODY
        else:
            admitted = await self._admitted(operation, request, landscape, now, seen)
        rank = self._admission.check(operation, text(headers, _DEADLINE))
        if self._quotas is not None:
            seen.fields += await self._quotas.spend(admitted.grant.consumer, operation, landscape, slowed=seen.slowed)
        path, query, wrong = schema.parameters(route.checks, found, request.query, headers)
        body: Any = None
        if operation.body is not None:
            sent = await read_json(request.incoming, headers, operation)
            body = sent.value
            if ignored := strange.dropped(route.checks, body, landscape):
                seen.trail.met(ignored)
                seen.fields.append((strange.IGNORED, strange.told(ignored)))
            wrong += schema.body_violations(route.checks, sent)
        schema.refuse(wrong)
        seen.trail.query, seen.trail.body = query, body
        key = text(headers, _IDEMPOTENCY_KEY)
        device = None if seen.trail.principal is None else seen.trail.principal.device
        # Tills of one consumer count their requests each for itself.
        asks = device or admitted.grant.consumer
        claim = idempotency.claim(operation, asks, key, path, body) if key is not None else None
        allowed = seconds_allowed(text(headers, _DEADLINE), query.get("wait", 0))
        ask = Ask(
            operation=operation,
            path=path,
            query=query,
            body=body,
            grant=admitted.grant,
            landscape=landscape,
            correlation=request.context.correlation,
            causation=request.context.causation,
            traceparent=request.context.traceparent,
            now=now,
            deadline=_after(now, allowed),
            doubt=admitted.doubt,
            claim=claim,
            trail=seen.trail,
            peer=request.peer,
            device=device,
            headers=headers,
        )
        # A long poll waits for events, not for us: it holds no slot.
        handled = self._handled(route, ask, allowed) if query.get("wait") else self._in_turn(route, ask, allowed, rank)
        out = await handled
        if self._check_answers:
            check(route.checks, out)
        if life is not None and (endings := lives.met(life, operation, body, out)):
            seen.trail.endings = tuple(each.pointer for each in endings)
            seen.fields += lives.links(endings)
        return out

    async def _admitted(
        self, operation: Operation, request: Request, landscape: Landscape, now: datetime, seen: Seen
    ) -> Admitted:
        life = lives.of(operation, landscape)
        try:
            asker = await self._asker(operation, request, landscape, now, seen)
        except Unauthenticated:
            # The outbox of whoever sends a fact keeps it after a 401, and not after a 410.
            if not operation.fact:
                _open(life, operation, now)
            raise
        seen.consumer, seen.trail.principal = asker.principal.id, asker.principal
        if life is not None:
            try:
                asker = await self._lifecycle.admitted(life, asker, operation, landscape, now)
            except Gone:
                seen.trail.calls = True
                raise
        seen.trail.calls = True
        asker = in_good_standing(asker, self._restricted(), operation, now)
        review = reviewing.of(asker.principal, landscape, now)
        if review is not None:
            seen.fields.append(reviewing.told(review))
            seen.slowed = reviewing.judge(review, operation)
        admitted = await self._authoriser.admitted(asker, operation, landscape, now, request.peer)
        stepped_up(asker.principal, operation, now, request.context.correlation)
        seen.trail.grant = admitted.grant
        return admitted

    async def _asker(
        self, operation: Operation, request: Request, landscape: Landscape, now: datetime, seen: Seen
    ) -> Asker:
        brought = presented(
            request.headers,
            method=request.method,
            path=request.path,
            peer=request.hop,
            issuer=self._keys.realm.issuer,
            landscape=landscape,
        )
        if brought.proof is not None:
            seen.fields.append((NONCE, current_nonce(self._keys.ring, now).encode()))
        return await authenticate(self._keys, brought, operation, landscape, now)

    async def _in_turn(self, route: Route, ask: Ask, allowed: float, rank: int) -> Outgoing:
        came = clock.monotonic()
        await self._admission.enter(rank, allowed)
        began = clock.monotonic()
        try:
            return await self._handled(route, ask, allowed - (began - came))
        finally:
            self._admission.leave(clock.monotonic() - began)

    async def _handled(self, route: Route, ask: Ask, allowed: float) -> Outgoing:
        try:
            return outgoing(route.minimiser.answer(await in_time(route.handler(ask), allowed), ask.grant.classes))
        except Late as error:
            raise _too_late(ask.operation, allowed) from error
        except Exception as error:
            kept = await self._kept(route, ask, error)
            if kept is None:
                raise
            return kept

    async def _kept(self, route: Route, ask: Ask, error: Exception) -> Outgoing | None:
        """The stored answer when the error may come from repeating a request that was answered before."""
        if ask.claim is None:
            return None
        waited = idempotency.in_flight(error)
        if waited is not None:
            raise waited from error
        if not isinstance(error, (Rejected, OutcomeUnknown)) and not idempotency.taken(error):
            return None
        try:
            found = await idempotency.replay(self._database, ask.claim)
        except Unavailable:
            return None  # what went wrong first is what the asker should know
        if found is None:
            return None
        if ask.trail is not None:
            ask.trail.repeated()
        return outgoing(route.minimiser.kept(found, ask.grant.classes))


def _open(life: Life | None, operation: Operation, now: datetime) -> None:
    """Raise what a version says to whoever is not known, if it says anything."""
    refusal = None if life is None else life.for_nobody(operation, now)
    if refusal is not None:
        raise refusal


def _after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def _too_late(operation: Operation, allowed: float) -> TillwayError:
    detail = f"not done within {allowed:g} s"
    return OutcomeUnknown(detail) if operation.writes else Unavailable(detail)
