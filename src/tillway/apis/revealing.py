"""Masked values that may be turned back by those who may: tokens that name a place, and `revealToken`.

A token holds no value, but where it stands: an event, a sale in quarantine or an entry of the audit, and the pointer in
it, vouched for by a digest that only this hub can make. It is the same each time the same place is shown. What is
revealed is what stands there then: of somebody who was erased, nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from tillway import audit, clock, journal, sealing
from tillway.apis.acts import reason
from tillway.apis.showing import event_told, told
from tillway.contracts import escaped, resolve
from tillway.errors import Forbidden, Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.masking import mask
from tillway.postgres import ERASED, Database
from tillway.records import quarantine

# Classes that a grant can hold. What is secret, or of no known class, is never shown to anybody.
REVEALABLE: Final = ("personal", "payment")

_MARKS: Final = {f"[masked:{name}]": name for name in REVEALABLE}
_PURPOSE: Final = "reveal"

# Hexadecimal digits of the digest: 128 bits, which nobody guesses.
_DIGEST: Final = 32

# A token as it is shown, or without its brackets, as it may be copied.
_TOKEN: Final = re.compile(rf"\[?token:({'|'.join(REVEALABLE)}):([A-Za-z0-9_-]+=*)\.([0-9a-f]{{{_DIGEST}}})\]?")

_log = logging.getLogger("tillway.reveal")


class Place(NamedTuple):
    """Where a value stands: `event`, `sale` or `audit`, its position, id or number, and the pointer in it."""

    kind: str
    id: str
    pointer: str


Load = Callable[[Database, str], Awaitable[Any]]


def bind(db: Database) -> dict[str, Handler]:
    """The handler."""

    async def reveal_token(ask: Ask) -> Answer:
        data_class, place = read(ask.path["token"])
        if ask.trail is not None:
            ask.trail.subject = f"{place.kind}/{place.id}{place.pointer}"
        if data_class not in ask.grant.classes:
            detail = f"what is {data_class} may not be read by {ask.grant.consumer}"
            raise Forbidden(detail, remedy="a policy of the landscape that permits to read this class")
        value = await found(db, place)
        why = reason(ask)
        answer = Answer(
            200,
            {"class": data_class, **place._asdict(), "value": value, "at": clock.iso(ask.now)},
        )
        # The evidence first: the value leaves only when it is committed.
        async with ask.transaction(db) as tx:
            ask.settle(tx, answer)
        _log.warning(
            "%s had a %s value revealed: %s of %s %s: %s",
            *(ask.grant.consumer, data_class, place.pointer, place.kind, place.id, why),
        )
        return answer

    return {"revealToken": reveal_token}


def shown(document: Any, classes: Mapping[str, str], clear: Collection[str], kind: str, name: object) -> Any:
    """The document masked, with a token in the place of each mark that a grant can open. Pure but for the digest."""
    return _tokens(mask(document, classes, clear), document, Place(kind, str(name), ""))


def token(data_class: str, place: Place) -> str:
    """What is shown instead of the value at a place."""
    where = "\n".join(place)
    return f"[token:{data_class}:{base64.urlsafe_b64encode(where.encode()).decode()}.{_digest(data_class, where)}]"


def read(text: str) -> tuple[str, Place]:
    """The class and the place that a token names. Invalid for what is no token of this hub."""
    match = _TOKEN.fullmatch(text.strip())
    if match is not None:
        data_class, encoded, digest = match.groups()
        try:
            where = base64.urlsafe_b64decode(encoded).decode()
        except (binascii.Error, UnicodeDecodeError):
            where = ""
        parts = where.split("\n")
        if hmac.compare_digest(_digest(data_class, where), digest) and len(parts) == len(Place._fields):
            return data_class, Place(*parts)
    raise Invalid(violations=(Violation(pointer="/path/token", detail="is no token of this hub", rule="token"),))


async def found(db: Database, place: Place) -> Any:
    """What stands at a place now. NotFound when nothing does: it was erased, corrected, or is not kept any longer."""
    try:
        value = resolve(await _LOADS[place.kind](db, place.id), place.pointer)
    except (KeyError, IndexError, ValueError, TypeError):
        value = None
    if value is None or value == ERASED:
        raise NotFound("nothing stands there any more: it was erased, decided upon, or its time was over")
    return value


async def _event(db: Database, position: str) -> Any:
    events = await journal.at(db, [int(position)])
    return event_told(events[0]) if events else None


async def _sale(db: Database, name: str) -> Any:
    return (await quarantine.one(db, name)).body


async def _entry(db: Database, number: str) -> Any:
    rows = await audit.export(db, int(number) - 1, 1)
    return told(rows[0]) if rows and rows[0].number == int(number) else None


_LOADS: Final[Mapping[str, Load]] = {"event": _event, "sale": _sale, "audit": _entry}


def _digest(data_class: str, where: str) -> str:
    return sealing.digest(_PURPOSE, f"{data_class}\n{where}")[:_DIGEST]


def _tokens(masked: Any, document: Any, place: Place) -> Any:
    """Both have the same shape and order; a name that was scrubbed has no token below it, since it may be data."""
    if isinstance(masked, dict):
        return {
            name: _tokens(each, inside, place._replace(pointer=f"{place.pointer}/{escaped(name)}"))
            if name == given
            else each
            for (name, each), (given, inside) in zip(masked.items(), document.items(), strict=True)
        }
    if isinstance(masked, list):
        return [
            _tokens(each, inside, place._replace(pointer=f"{place.pointer}/{at}"))
            for at, (each, inside) in enumerate(zip(masked, document, strict=True))
        ]
    if isinstance(masked, str) and masked in _MARKS and "\n" not in place.pointer:
        return token(_MARKS[masked], place)
    return masked
