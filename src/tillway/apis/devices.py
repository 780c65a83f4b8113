"""Letting tills in: `devices.v1`."""

from __future__ import annotations

from tillway.gateway import Answer, Ask, Failures, Handler
from tillway.identity import Act, devices, enrolment
from tillway.identity.devices import Device
from tillway.postgres import Database

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path


def bind(db: Database) -> dict[str, Handler]:
    """The handlers of this document."""
    failures = Failures()

    async def enrol_device(ask: Ask) -> Answer:
        failures.refuse(ask.peer, ask.now)
        key = enrolment.device_key(ask.body["key"])
        act = Act(
            by="enrolment",
            reason="enrolled with its code",
            at=ask.now,
            correlation=ask.correlation,
            causation=ask.causation,
            traceparent=ask.traceparent,
        )
        try:
            async with ask.transaction(db) as tx:
                device = await devices.enrol(tx, ask.body["code"], key, act)
                answer = Answer(201, _told(device), (("Location", f"/operations/v1/devices/{device.id}"),))
                ask.settle(tx, answer)
        except devices.WrongCode:
            failures.note(ask.peer, ask.now)
            raise
        return answer

    return {"enrolDevice": enrol_device}


def _told(device: Device) -> dict[str, str]:
    return {
        "id": device.id,
        "consumer": device.consumer,
        "shop": device.shop,
        "till": device.till,
        "token_endpoint": TOKEN_PATH,
    }
