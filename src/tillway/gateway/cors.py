"""Browsers of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol). Pure.

Which origins a consumer's pages come from is declared with it. A preflight carries no token, so it is answered when
any active consumer has the origin; the answer itself may be read by a page of the very consumer that asked, and by no
other. There are no cookies in it: credentials are the token, which the page itself sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from tillway.errors import Forbidden
from tillway.gateway.answering import Headers, Outgoing
from tillway.identity import Principal, Restrictions, decider
from tillway.landscape import Landscape

ORIGIN: Final = b"origin"
ASKED_METHOD: Final = b"access-control-request-method"

# What a page may send: all that a contract or this door knows.
_ALLOWED_HEADERS: Final = (
    b"Authorization, Content-Type, DPoP, Idempotency-Key, X-Causation-Id, X-Correlation-Id, X-Deadline-Ms, traceparent"
)

# What a page may read of an answer, beside its body.
_EXPOSED: Final = (
    b"access-control-expose-headers",
    (
        b"Age, Deprecation, DPoP-Nonce, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, "
        b"Retry-After, Sunset, WWW-Authenticate, X-Correlation-Id, X-Ignored-Fields, X-Review-Overdue"
    ),
)

# Seconds a browser may rely on a preflight; an origin that is taken out is refused by the answer itself at once.
_MAX_AGE: Final = b"600"

_VARY: Final = (b"vary", b"origin")
_VARY_PREFLIGHT: Final = (b"vary", b"origin, access-control-request-method, access-control-request-headers")
_PLACE: Final = "gateway.origins"


def preflight(
    headers: Mapping[bytes, bytes],
    methods: Iterable[str],
    landscape: Landscape,
    restrictions: Restrictions,
    now: datetime,
) -> Outgoing | None:
    """The answer to a preflight for a path with these methods; None when the origin may not, or it is none."""
    origin, wanted = headers.get(ORIGIN), headers.get(ASKED_METHOD)
    methods = tuple(methods)
    if origin is None or wanted is None or wanted.decode("latin-1") not in methods:
        return None
    having = _by_origin(landscape).get(origin.decode("latin-1"), ())
    if not any(_active(each, landscape, restrictions, now) for each in having):
        return None
    return Outgoing(
        204,
        [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _MAX_AGE),
            _VARY_PREFLIGHT,
        ],
        b"",
    )


def readable(headers: Mapping[bytes, bytes], who: Principal | None, landscape: Landscape) -> Headers:
    """What lets a page of the asker's own origin read the answer; nothing for anybody else's."""
    if who is None:
        return []
    consumer = landscape.consumers.get(who.actor or who.id)
    if consumer is None or not consumer.origins:
        return []
    origin = headers.get(ORIGIN)
    if origin is None or origin.decode("latin-1") not in consumer.origins:
        return [_VARY]
    return [(b"access-control-allow-origin", origin), _EXPOSED, _VARY]


def _active(consumer: str, landscape: Landscape, restrictions: Restrictions, now: datetime) -> bool:
    if restrictions.holds("consumer", consumer, now):
        return False
    try:
        decider(landscape).within_time(consumer, now)
    except Forbidden:
        return False
    return True


def _by_origin(landscape: Landscape) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] | None = landscape.derived.get(_PLACE)
    if found is None:
        found = {}
        for consumer in landscape.consumers.values():
            for origin in consumer.origins:
                found[origin] = (*found.get(origin, ()), consumer.id)
        landscape.derived[_PLACE] = found
    return found
