"""Where a version of an interface is in its life, and what every answer says of it: worked out once for a landscape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

import msgspec

from tillway import clock, contracts
from tillway.contracts import Document, Operation, catalog, steps
from tillway.errors import Forbidden, Gone, NotFound, Rejected
from tillway.gateway.answering import Headers, Outgoing
from tillway.identity import time_box
from tillway.landscape import ApiVersion, Landscape

# An answer larger than this is not looked into: it is told as if it held what ends.
LOOKED_BYTES_MAX: Final = 256 * 1024

_PLACE: Final = "gateway.lives"
_SUCCESS: Final = range(200, 300)


class NotOffered(NotFound):
    """The version is a draft, or not declared: nobody need know of it."""

    def __init__(self) -> None:
        super().__init__("there is nothing at this path", remedy="see /catalog for what there is")


class Retired(Gone):
    """This version is not offered any more; the remedy names what follows it."""

    code, title = "version-retired", "This version is retired"


class BrownedOut(Gone):
    """A rehearsal of the retirement: gone for a while. `retry_after` is in seconds."""

    code, title = "brown-out", "This version is about to be retired, and rehearses it"

    def __init__(self, detail: str, *, remedy: str, retry_after: float) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after = retry_after


class Blocked(Forbidden):
    """The version's owner has closed it to everybody."""

    code, title = "version-blocked", "This version is closed"


class Ending(msgspec.Struct, frozen=True):
    """A member on its way out: the names that lead to it, and the `Link` that tells of it."""

    pointer: str
    names: tuple[str, ...]
    link: bytes


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of one version: `fields` stand in every answer; None in `lifecycle`: it is not offered."""

    name: str
    lifecycle: str | None
    fields: Headers = []
    since: datetime | None = None
    brownouts: tuple[tuple[datetime, datetime], ...] = ()
    testers: frozenset[str] = frozenset()
    successor: str | None = None
    members: Mapping[str, tuple[Ending, ...]] = {}

    def closed(self, operation: Operation, now: datetime) -> Rejected | None:
        """What refuses everybody, if anything does. Rehearsals leave facts alone: their senders would not notice."""
        remedy = f"use {self.successor}" if self.successor else "ask the interface's owner what follows it"
        if self.lifecycle is None:
            return NotOffered()
        if self.lifecycle == "retired":
            return Retired(f"{self.name} is retired", remedy=remedy)
        if self.lifecycle == "blocked":
            return Blocked(f"{self.name} is closed for now", remedy="ask the interface's owner")
        ends = next((ends for begins, ends in self.brownouts if begins <= now < ends), None)
        if ends is None or operation.fact:
            return None
        detail = f"{self.name} is about to be retired; it answers again from {clock.iso(ends)}"
        return BrownedOut(detail, remedy=remedy, retry_after=(ends - now).total_seconds())

    def for_nobody(self, operation: Operation, now: datetime) -> Rejected | None:
        """What refuses whoever brings no good token: they need not know that there is a draft."""
        return self.closed(operation, now) or (NotOffered() if self.lifecycle == "draft" else None)


def of(operation: Operation, landscape: Landscape) -> Life | None:
    """What there is to say of the version that an operation belongs to; None when it is simply published."""
    lives: dict[tuple[str, int], Life | None] | None = landscape.derived.get(_PLACE)
    if lives is None:
        lives = landscape.derived[_PLACE] = {}
    key = (operation.api, operation.version)
    try:
        return lives[key]
    except KeyError:
        found = lives[key] = _life(*key, landscape)
        return found


def met(life: Life, operation: Operation, body: Any, out: Outgoing) -> tuple[Ending, ...]:
    """The members on their way out that a request or its answer holds."""
    wanted = life.members.get(operation.id, ())
    if not wanted or out.status not in _SUCCESS:
        return ()
    large = len(out.body) > LOOKED_BYTES_MAX
    answer = msgspec.json.decode(out.body) if out.body and not large else None
    return tuple(each for each in wanted if large or _holds(body, each.names) or _holds(answer, each.names))


def as_served(document: Document, landscape: Landscape) -> Mapping[str, Any] | None:
    """The document with what of it is on its way out; None as it is."""
    entry = landscape.apis.get(document.api)
    declared = None if entry is None else entry.versions.get(f"v{document.version}")
    if declared is None or declared == ApiVersion():
        return None
    members = []
    for field, each in declared.fields.items():
        operation, _, path = field.partition(":")
        told = contracts.Ending(since=each.deprecated, sunset=each.sunset, successor=each.successor)
        members.append(contracts.EndingMember(operation=operation, path=path, ending=told))
    whole = contracts.Ending(since=declared.deprecated, sunset=declared.sunset, successor=declared.successor)
    return contracts.marked(document.content, declared.lifecycle, whole, members)


def _life(api: str, number: int, landscape: Landscape) -> Life | None:
    entry = landscape.apis.get(api)
    if entry is None:
        return None  # who may call what is not declared is for the rights to say
    name, declared = f"{api}/v{number}", entry.versions.get(f"v{number}")
    if declared is None:
        return Life(name=name, lifecycle=None)
    if declared == ApiVersion():
        return None
    zone = landscape.organisation.timezone
    return Life(
        name=name,
        lifecycle=declared.lifecycle,
        fields=_fields(name, declared, zone),
        since=time_box(declared.deprecated, None, zone).begins,
        brownouts=tuple(_window(each.begins, each.ends, zone) for each in declared.brownouts),
        testers=frozenset(declared.testers),
        successor=declared.successor,
        members=_members(name, declared),
    )


def _fields(name: str, declared: ApiVersion, zone: str) -> Headers:
    """What every answer of a version says of its end: RFC 9745, RFC 8594, and links of RFC 8288 and RFC 5829."""
    told: Headers = []
    about = f"<{_about(name)}>"
    since, sunset = time_box(declared.deprecated, None, zone).begins, time_box(declared.sunset, None, zone).begins
    if since is not None:
        told.append((b"deprecation", deprecation(since)))
        told.append((b"link", f'{about}; rel="deprecation"; type="application/json"'.encode()))
    if sunset is not None:
        told.append((b"sunset", http_date(sunset)))
        told.append((b"link", f'{about}; rel="sunset"; type="application/json"'.encode()))
    if declared.successor is not None:
        told.append((b"link", f'</{declared.successor}>; rel="successor-version"'.encode()))
    return told


def deprecation(since: datetime) -> bytes:
    """The value of `Deprecation`: a date of RFC 9651 section 3.3.7, in whole seconds."""
    return f"@{int(since.timestamp())}".encode()


def http_date(moment: datetime) -> bytes:
    """An HTTP-date of RFC 9110 section 5.6.7."""
    return format_datetime(clock.aware(moment), usegmt=True).encode()


def links(endings: Iterable[Ending]) -> Headers:
    """The headers that tell of members on their way out."""
    return [(b"link", each.link) for each in endings]


def _members(name: str, declared: ApiVersion) -> Mapping[str, tuple[Ending, ...]]:
    found: dict[str, tuple[Ending, ...]] = {}
    for field, ending in declared.fields.items():
        operation, _, path = field.partition(":")
        said = [f"{path} is deprecated since {ending.deprecated}"]
        said += [] if ending.sunset is None else [f"it may be gone from {ending.sunset} on"]
        said += [] if ending.successor is None else [f"use {ending.successor}"]
        # RFC 8288 section 3: a quoted string; what is not ASCII or would end it is left out.
        title = "; ".join(said).encode("ascii", "ignore").decode().replace("\\", "").replace('"', "'")
        title = "".join(letter for letter in title if letter.isprintable())
        link = f'<{_about(name)}>; rel="deprecation"; title="{title}"'.encode()
        found[operation] = (*found.get(operation, ()), Ending(pointer(path), steps(path), link))
    return found


def _about(name: str) -> str:
    api, _, version = name.partition("/v")
    return catalog.path_of(api, int(version))


def pointer(path: str) -> str:
    """The dotted path of a member as the census names it, lists passed through."""
    return "/" + "/".join(steps(path))


def _holds(value: Any, names: tuple[str, ...]) -> bool:
    if isinstance(value, list):
        return any(_holds(each, names) for each in value)
    if not names:
        return value is not None
    return isinstance(value, Mapping) and names[0] in value and _holds(value[names[0]], names[1:])


def _window(begins: Any, ends: Any, zone: str) -> tuple[datetime, datetime]:
    box = time_box(begins, ends, zone)
    assert box.begins is not None and box.ends is not None  # noqa: S101, PT018 - both are declared
    return box.begins, box.ends
