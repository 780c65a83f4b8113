"""Search over everything that is shown: a few words in, what they are found in out, best first. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tillway.console.offered import ApiView, Offer
from tillway.console.operations import OperationView
from tillway.landscape import Landscape

# What one search answers: more is not read, better words are found.
FOUND_MAX: Final = 60
# Nobody searches for more.
QUERY_MAX: Final = 200

KINDS: Final = ("api", "operation", "event", "domain", "service level", "consumer", "field")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be found. `text` is what is searched beside the title."""

    kind: str
    title: str
    where: str
    said: str
    href: str
    text: str


class Index(msgspec.Struct, frozen=True):
    """Everything that can be found, in the order of kinds."""

    entries: tuple[Entry, ...]

    def search(self, query: str) -> tuple[Entry, ...]:
        """What holds all the words, best first: titles that begin with them before titles before texts."""
        words = _words(query[:QUERY_MAX])
        if not words:
            return ()
        ranked = [
            (rank, number) for number, each in enumerate(self.entries) if (rank := _rank(each, words)) is not None
        ]
        return tuple(self.entries[number] for _, number in sorted(ranked)[:FOUND_MAX])


def index(offered: Offer, landscape: Landscape | None) -> Index:
    """What can be found in what is offered; with a landscape also what only insiders see."""
    return Index((*_open(offered), *(() if landscape is None else _closed(landscape))))


def _open(offered: Offer) -> Iterator[Entry]:
    for api in offered.apis:
        owner = api.governed.owner or ""
        yield _entry("api", f"{api.title} v{api.version}", f"/{api.api}/v{api.version}", api.summary, api.href, owner)
        for each in api.operations:
            href = f"{api.href}/reference#{each.anchor}"
            said = f"{each.summary}. {each.description}"
            yield _entry("operation", each.id, f"{each.method} {each.path}", each.summary, href, said, each.scope)
    for event in offered.events:
        yield _entry("event", event.type, f"v{event.version}", event.description, event.href, event.owner or "")
    for domain in offered.domains:
        yield _entry("domain", domain.id, f"owned by {domain.owner}", "", f"/catalog/domains#{domain.id}", domain.owner)
    for level in offered.levels:
        yield _entry("service level", level.name, level.api, level.promise, f"/catalog/service-levels#{level.id}")
    yield from _fields(offered)


def _closed(landscape: Landscape) -> Iterator[Entry]:
    for consumer in landscape.consumers.values():
        href = f"/catalog/consumers#{consumer.id}"
        scopes = " ".join(consumer.scopes)
        yield _entry(
            "consumer", consumer.id, f"owned by {consumer.owner}", consumer.purpose, href, consumer.owner, scopes
        )


def _fields(offered: Offer) -> Iterator[Entry]:
    """Each field once for each interface and event type, where it is met first."""
    for api in offered.apis:
        seen: set[str] = set()
        for each in api.operations:
            for path, said in _members(each):
                if path not in seen:
                    seen.add(path)
                    yield _entry("field", path, _of(api, each), said, f"{api.href}/reference#{each.anchor}")
    for event in offered.events:
        for row in event.fields:
            yield _entry("field", row.path, f"event {event.type}", row.description, event.href)


def _members(operation: OperationView) -> Iterator[tuple[str, str]]:
    yield from ((each.name, each.description) for each in operation.parameters)
    yield from ((row.path, row.description) for row in operation.body)
    for answer in operation.answers:
        if answer.status.startswith("2"):
            yield from ((row.path, row.description) for row in answer.fields)


def _of(api: ApiView, operation: OperationView) -> str:
    return f"{api.title}, {operation.id}"


def _entry(kind: str, title: str, where: str, said: str, href: str, *more: str) -> Entry:
    text = " ".join((title, _apart(title), where, said, *more)).lower()
    return Entry(kind=kind, title=title, where=where, said=said, href=href, text=text)


def _apart(name: str) -> str:
    """`placeOrder` is found by `place order` as well."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)


def _words(query: str) -> tuple[str, ...]:
    return tuple(query.lower().split())


def _rank(entry: Entry, words: Iterable[str]) -> tuple[int, int] | None:
    """The lower the better; None when a word is missing."""
    title, joined = entry.title.lower(), " ".join(words)
    if not all(word in entry.text for word in words):
        return None
    if joined in {title, _apart(entry.title).lower()}:
        place = 0
    elif title.startswith(joined):
        place = 1
    elif all(word in f"{title} {_apart(entry.title).lower()}" for word in words):
        place = 2
    else:
        place = 3
    return place, KINDS.index(entry.kind)
