"""Who may act at all: suspensions, revocations, devices and their enrolment. Part of `operations.v1`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from tillway import identity
from tillway.apis.acts import by, reason
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.identity import OPERATOR_LIFETIME, Act, Restriction, devices, enrolment, people
from tillway.identity.devices import Device
from tillway.postgres import Database, Tx

Effect = Callable[[Tx], Awaitable[Restriction | Device | None]]


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""
    acts, looks = _Acts(db), _Looks(db)
    return {
        "listRestrictions": looks.restrictions,
        "suspendConsumer": acts.suspend,
        "resumeConsumer": acts.resume,
        "listPeople": looks.people,
        "suspendPerson": acts.suspend_person,
        "resumePerson": acts.resume_person,
        "revokeToken": acts.revoke,
        "createEnrolment": acts.open_enrolment,
        "getEnrolment": looks.enrolment,
        "listDevices": looks.devices,
        "getDevice": looks.device,
        "reportDeviceLost": acts.report_lost,
        "readmitDevice": acts.readmit,
    }


class _Looks:
    """Answers to who looks; nothing is changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def restrictions(self, ask: Ask) -> Answer:
        return Answer(200, {"restrictions": await identity.restricted_now(self._db, ask.now)})

    async def people(self, ask: Ask) -> Answer:
        return Answer(200, {"people": await people.signed_in(self._db, ask.landscape, ask.now)})

    async def enrolment(self, ask: Ask) -> Answer:
        return Answer(200, await devices.enrolment(self._db, ask.path["id"], ask.now))

    async def devices(self, ask: Ask) -> Answer:
        found = await devices.devices(self._db, ask.now, shop=ask.query.get("shop"), after=ask.query.get("after", ""))
        return Answer(200, {"devices": found})

    async def device(self, ask: Ask) -> Answer:
        return Answer(200, await devices.device(self._db, ask.path["id"], ask.now))


class _Acts:
    """Each one transaction, its `access.changed` included."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def suspend(self, ask: Ask) -> Answer:
        consumer, until = ask.path["id"], _until(ask)
        if consumer not in ask.landscape.consumers:
            raise NotFound("no consumer of the landscape has this id")
        return await self._done(ask, lambda tx: identity.restrict(tx, "consumer", consumer, act(ask), until=until))

    async def resume(self, ask: Ask) -> Answer:
        return await self._done(ask, lambda tx: identity.lift(tx, "consumer", ask.path["id"], act(ask)), status=204)

    async def suspend_person(self, ask: Ask) -> Answer:
        person, until = ask.path["id"], _until(ask)
        return await self._done(ask, lambda tx: people.suspend(tx, person, act(ask), until=until))

    async def resume_person(self, ask: Ask) -> Answer:
        return await self._done(ask, lambda tx: people.resume(tx, ask.path["id"], act(ask)), status=204)

    async def revoke(self, ask: Ask) -> Answer:
        # Nobody keeps which tokens were issued: the longest-lived one has ended by then.
        until = ask.now + OPERATOR_LIFETIME
        return await self._done(ask, lambda tx: identity.restrict(tx, "token", ask.path["id"], act(ask), until=until))

    async def open_enrolment(self, ask: Ask) -> Answer:
        shop, till = ask.body["shop"], ask.body["till"]
        consumer = enrolment.device_consumer(ask.landscape, shop=shop, till=till, consumer=ask.body.get("consumer"))
        async with ask.transaction(self._db) as tx:
            made, code = await devices.open_enrolment(tx, act(ask), consumer=consumer.id, shop=shop, till=till)
            body = msgspec.structs.asdict(made) | {"code": code}
            answer = Answer(201, body, (("Location", f"/operations/v1/enrolments/{made.id}"),))
            ask.settle(tx, answer)
        return answer

    async def report_lost(self, ask: Ask) -> Answer:
        return await self._done(ask, lambda tx: devices.report_lost(tx, ask.path["id"], act(ask)))

    async def readmit(self, ask: Ask) -> Answer:
        return await self._done(ask, lambda tx: devices.readmit(tx, ask.path["id"], act(ask)))

    async def _done(self, ask: Ask, effect: Effect, status: int = 200) -> Answer:
        async with ask.transaction(self._db) as tx:
            answer = Answer(status, await effect(tx))
            ask.settle(tx, answer)
        return answer


def act(ask: Ask) -> Act:
    """The request as an act: who, why, when."""
    return Act(
        by=by(ask),
        reason=reason(ask),
        at=ask.now,
        correlation=ask.correlation,
        causation=ask.causation,
        traceparent=ask.traceparent,
    )


def _until(ask: Ask) -> datetime | None:
    given = ask.body.get("until")
    if given is None:
        return None
    try:
        until = msgspec.convert(given, datetime)
    except msgspec.ValidationError as error:
        raise _wrong("is no moment in time", "format") from error
    if until <= ask.now:
        raise _wrong("is in the past", "future")
    return until


def _wrong(detail: str, rule: str) -> Invalid:
    return Invalid(violations=(Violation(pointer="/until", detail=detail, rule=rule),))
