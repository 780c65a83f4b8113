"""Devices as kept: enrolled with a code, listed, reported lost, readmitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from tillway import ids
from tillway.errors import Conflict, NotFound, Unauthenticated
from tillway.identity.access import Act, lift, restrict, tell
from tillway.identity.enrolment import CODE_LIFETIME, DeviceKey, code_hash, new_code
from tillway.identity.restrictions import AccessChange
from tillway.postgres import Tx, load

SQL: Final = load("tillway.identity", "devices.sql")

# Devices in one answer.
DEVICES_MAX: Final = 500


class WrongCode(Unauthenticated):
    """The enrolment code is unknown, used or past its time; which of them is not told."""

    code, title = "wrong-code", "The enrolment code does not count"


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was made, without the code."""

    id: str
    state: Literal["open", "used", "expired"]
    consumer: str
    shop: str
    till: str
    reason: str
    by: str
    created_at: datetime
    expires_at: datetime
    device: str | None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled device; `lost_at` tells since when it counts as lost."""

    id: str
    consumer: str
    shop: str
    till: str
    state: Literal["active", "lost"]
    thumbprint: str
    enrolled_at: datetime
    lost_at: datetime | None


class KnownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the token endpoint needs it: with its public key (JWK text)."""

    device: Device
    jwk: str


async def open_enrolment(tx: Tx, act: Act, *, consumer: str, shop: str, till: str) -> tuple[Enrolment, str]:
    """A new enrolment and its code, which nobody can be shown again."""
    code, made, until = new_code(), ids.new(), act.at + CODE_LIFETIME
    await tx.execute(
        SQL["add_enrolment"], made, code_hash(code), consumer, shop, till, act.reason, act.by, act.at, until
    )
    enrolment = Enrolment(
        id=str(made),
        state="open",
        consumer=consumer,
        shop=shop,
        till=till,
        reason=act.reason,
        by=act.by,
        created_at=act.at,
        expires_at=until,
        device=None,
    )
    return enrolment, code


async def enrolment(db: Any, enrolment_id: str, now: datetime) -> Enrolment:
    """One enrolment. NotFound when there is none of that id."""
    row = await db.fetchrow(SQL["enrolment"], _uuid(enrolment_id))
    if row is None:
        raise NotFound("there is no such enrolment")
    return _enrolment(row, now)


async def enrol(tx: Tx, code: str, key: DeviceKey, act: Act) -> Device:
    """The device that this code lets in; brought again with the same key, the same device.

    WrongCode when the code does not count. Conflict when the key was enrolled before, with another code.
    """
    row = await tx.fetchrow(SQL["enrolment_by_code"], code_hash(code))
    if row is None:
        raise WrongCode(remedy="have a new code made with `tillway device enrol`")
    found = _enrolment(row, act.at)
    if found.device is not None:
        used = await known(tx, found.device, act.at)
        if used is None or used.device.thumbprint != key.thumbprint:
            raise WrongCode(remedy="have a new code made with `tillway device enrol`")
        return used.device
    if found.state == "expired":
        raise WrongCode(remedy="have a new code made with `tillway device enrol`")
    made = f"device-{ids.new()}"
    args = (made, found.consumer, found.shop, found.till, key.thumbprint, key.jwk, act.at)
    if await tx.fetchval(SQL["add_device"], *args) is None:
        raise Conflict("this key was enrolled before", remedy="make a fresh key for each enrolment")
    await tx.execute(SQL["use_enrolment"], _uuid(found.id), made)
    tell(tx, AccessChange(kind="device", id=made, state="enrolled"), act)
    return Device(
        id=made,
        consumer=found.consumer,
        shop=found.shop,
        till=found.till,
        state="active",
        thumbprint=key.thumbprint,
        enrolled_at=act.at,
        lost_at=None,
    )


async def known(db: Any, device_id: str, now: datetime) -> KnownDevice | None:
    """A device with its key; None when none has this id."""
    row = await db.fetchrow(SQL["device"], device_id, now)
    return None if row is None else KnownDevice(device=_device(row), jwk=row["public_jwk"])


async def device(db: Any, device_id: str, now: datetime) -> Device:
    """One device. NotFound when there is none of that id."""
    found = await known(db, device_id, now)
    if found is None:
        raise NotFound("there is no such device")
    return found.device


async def devices(db: Any, now: datetime, *, shop: str | None = None, after: str = "") -> tuple[Device, ...]:
    """Devices by id, those of one shop or all, at most DEVICES_MAX, after an id."""
    return tuple(_device(row) for row in await db.fetch(SQL["devices"], shop, after, DEVICES_MAX, now))


async def tills(db: Any, ids: Sequence[str]) -> Mapping[str, str]:
    """Which till each of these devices is; those that nobody enrolled are left out."""
    return {row["id"]: row["till"] for row in await db.fetch(SQL["named_devices"], list(ids))}


async def report_lost(tx: Tx, device_id: str, act: Act) -> Device:
    """Take all rights of a device away until it is readmitted. NotFound when there is none of that id."""
    found = await device(tx, device_id, act.at)
    await restrict(tx, "device", found.id, act)
    return msgspec.structs.replace(found, state="lost", lost_at=act.at)


async def readmit(tx: Tx, device_id: str, act: Act) -> Device:
    """Give a device that was found its rights back. NotFound when there is none, or it is not lost."""
    found = await device(tx, device_id, act.at)
    await lift(tx, "device", found.id, act)
    return msgspec.structs.replace(found, state="active", lost_at=None)


def _enrolment(row: Any, now: datetime) -> Enrolment:
    used = row["device"] is not None
    return Enrolment(
        id=str(row["id"]),
        state="used" if used else "expired" if now >= row["expires_at"] else "open",
        consumer=row["consumer"],
        shop=row["shop"],
        till=row["till"],
        reason=row["reason"],
        by=row["by_whom"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        device=row["device"],
    )


def _device(row: Any) -> Device:
    return Device(
        id=row["id"],
        consumer=row["consumer"],
        shop=row["shop"],
        till=row["till"],
        state="active" if row["lost_at"] is None else "lost",
        thumbprint=row["thumbprint"],
        enrolled_at=row["enrolled_at"],
        lost_at=row["lost_at"],
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is no such enrolment") from None
