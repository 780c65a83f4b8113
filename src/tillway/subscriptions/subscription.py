"""A subscription as a value, how one is asked for, and what is wrong with the asking. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from tillway import ids
from tillway.errors import Invalid, Violation
from tillway.identity import UNRESTRICTED, Grant, Restrictions, standing, today_of
from tillway.journal import short_type
from tillway.landscape import Landscape
from tillway.outbound import Reach, origin, reach
from tillway.sealing import opened, seal
from tillway.subscriptions.selection import recipient, recipient_or_none
from tillway.subscriptions.signing import new_secret

Origin = Literal["api", "landscape"]
Status = Literal["active", "disabled"]

SECRETS_AT = "subscriptions.subscriptions.secrets"

# What a name that leads to the machine itself stands for when nothing has been resolved yet.
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """Who is told what, and where. `secrets` (newest first) are empty for the landscape's, which keeps them itself."""

    id: str
    origin: Origin
    consumer: str
    types: tuple[str, ...]
    url: str
    created_at: datetime
    kind: Literal["webhook"] = "webhook"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    status: Status = "active"
    reason: str | None = None

    @property
    def follower(self) -> str:
        """The name it follows the journal by."""
        return follower_name(self.id)


def follower_name(subscription: str) -> str:
    """The name by which a subscription follows the journal."""
    return f"webhook {subscription}"


def ask(landscape: Landscape, *, consumer: str, types: Sequence[str], url: str, now: datetime) -> Subscription:
    """The subscription a consumer asks for, with a fresh secret.

    Invalid with every violation: types not declared or not for this consumer (`/types/0`), an address that may not be
    called (`/delivery/url`). Forbidden without `events:read`.
    """
    who = recipient(landscape, consumer, now)
    named = [short_type(name) for name in types]
    violations = (
        *_wrong_types(landscape, who, named),
        *_wrong_url(url, reach(landscape.outbound.allow_networks)),
    )
    if violations:
        raise Invalid(violations=violations)
    return Subscription(
        id=str(ids.new()),
        origin="api",
        consumer=consumer,
        types=tuple(dict.fromkeys(named)),
        url=url,
        secrets=(new_secret(),),
        created_at=now,
    )


def current(
    landscape: Landscape, rows: Sequence[Subscription], now: datetime, restricted: Restrictions = UNRESTRICTED
) -> tuple[Subscription, ...]:
    """Those that are told something now: active, still declared if they were, of a consumer that may be told events.

    What the landscape says of its own wins over the row.
    """
    return tuple(_current(landscape, rows, now, restricted))


def may_be_told(landscape: Landscape, consumer: str, now: datetime, restricted: Restrictions) -> Grant | None:
    """What a consumer may be told now; None for nothing: it is suspended, for an overdue review or by an operator, out
    of its time, or may not read events.
    """
    if restricted.holds("consumer", consumer, now):
        return None
    entry = landscape.consumers.get(consumer)
    reviews = landscape.governance.reviews
    if entry is not None and standing(entry, reviews, today_of(landscape, now)) == "suspend":
        return None
    return recipient_or_none(landscape, consumer, now)


def _current(
    landscape: Landscape, rows: Sequence[Subscription], now: datetime, restricted: Restrictions
) -> Iterator[Subscription]:
    for row in rows:
        kept = row
        if row.origin == "landscape":
            entry = landscape.subscriptions.get(row.id)
            if entry is None:
                continue
            kept = replace(row, consumer=entry.consumer, types=entry.types, url=entry.delivery.url)
        if kept.status == "active" and may_be_told(landscape, kept.consumer, now, restricted) is not None:
            yield kept


def from_row(row: Any) -> Subscription:
    """A subscription from its row."""
    values = dict(row.items())
    secrets = tuple(opened(SECRETS_AT, values["id"], each) for each in values["secrets"])
    return Subscription(**values | {"types": tuple(values["types"]), "secrets": secrets})


def sealed_secrets(subscription: str, secrets: Sequence[str]) -> list[str]:
    """The secrets of a subscription as they are kept."""
    return [seal(SECRETS_AT, subscription, each) for each in secrets]


def _wrong_types(landscape: Landscape, who: Grant, types: Sequence[str]) -> Iterator[Violation]:
    if not types:
        yield Violation(pointer="/types", detail="name at least one event type", rule="types")
    for index, name in enumerate(types):
        pointer = f"/types/{index}"
        if name not in landscape.events:
            yield Violation(pointer=pointer, detail="there is no such event type", rule="event-type")
        elif not who.receives(name):
            yield Violation(pointer=pointer, detail="this consumer may not receive it", rule="event-type")


def _wrong_url(url: str, allowed: Reach) -> Iterator[Violation]:
    """A name is judged by its address when it is called; what is an address already is judged now."""
    pointer = "/delivery/url"
    try:
        origin(url)
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        detail = "not an http or https URL without credentials"
        yield Violation(pointer=pointer, detail=detail, rule="url")
        return
    if parts.fragment:
        yield Violation(pointer=pointer, detail="a URL that is called has no fragment", rule="url")
    literal = _literal(host)
    if literal is not None and not allowed.allows(literal):
        yield Violation(pointer=pointer, detail="leads to a network that may not be called", rule="reachable")


def _literal(host: str) -> str | None:
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    try:
        return str(ip_address(host))
    except ValueError:
        return None
