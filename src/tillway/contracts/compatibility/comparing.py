"""Two contract documents compared: OpenAPI documents or JSON Schemas. Pure.

A consumer of the old document is asked about: its requests must still be taken, and what it is told must still be what
it was told of. Requests: all of the old inside of the new. Answers and events: all of the new inside of the old.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.contracts.compatibility.change import Change, Comparison, Direction, Unreadable, Verdict, compared
from tillway.contracts.compatibility.messages import Messages
from tillway.contracts.compatibility.nodes import Dialect, Source, canonical
from tillway.contracts.compatibility.operations import Found, children, of_callback, operations
from tillway.contracts.compatibility.reasoning import Reasoning
from tillway.contracts.compatibility.rights import changed, deprecation, extensions, security, servers
from tillway.contracts.compatibility.telling import Telling

_OLD_DRAFTS: Final = ("draft-03", "draft-04", "draft-05", "draft-06", "draft-07")


def compare(old: Mapping[str, Any], new: Mapping[str, Any], direction: Direction = "response") -> Comparison:
    """How a consumer of the old document fares with the new one.

    Two OpenAPI documents, or two JSON Schemas, which are what the hub tells unless `direction` says otherwise.
    Raises Unreadable for documents that are not of one kind, or that cannot be followed.
    """
    for document in (old, new):
        for word in ("swagger", "asyncapi"):
            if word in document:
                raise Unreadable(f"{word} documents are not compared", remedy="give OpenAPI 3 or JSON Schema")
    if ("openapi" in old) != ("openapi" in new):
        raise Unreadable("one is an OpenAPI document, the other is not", remedy="compare two of a kind")
    try:
        if "openapi" in old:
            return compared(_documents(Source(old, _openapi(old)), Source(new, _openapi(new))))
        return compared(_schemas(Source(old, _draft(old)), Source(new, _draft(new)), direction))
    except RecursionError as error:
        raise Unreadable("too entangled to be followed", remedy="name parts and refer to them") from error


def _openapi(document: Mapping[str, Any]) -> Dialect:
    version = str(document["openapi"])
    if not version.startswith("3."):
        raise Unreadable(f"OpenAPI {version} is not compared", remedy="give OpenAPI 3")
    return Dialect(nullable=True, lonely_references=True) if version.startswith("3.0") else Dialect()


def _draft(document: Mapping[str, Any]) -> Dialect:
    return Dialect(lonely_references=any(each in str(document.get("$schema", "")) for each in _OLD_DRAFTS))


def _schemas(old: Source, new: Source, direction: Direction) -> Iterator[Change]:
    telling = Telling(Reasoning(), None, direction)
    telling.schemas(old.term(old.content, ""), new.term(new.content, ""), "")
    yield from telling.changes


def _documents(old: Source, new: Source) -> Iterator[Change]:
    known = Reasoning()
    for word in sorted({*old.content, *new.content}):
        if word == "jsonSchemaDialect" or word.startswith("x-tillway-"):
            was, now = old.content.get(word), new.content.get(word)
            if canonical(was) != canonical(now):
                yield Change(
                    rule="extension",
                    verdict="breaking",
                    operation=None,
                    direction=None,
                    pointer=f"/{word}",
                    text=f"{word} differs: all that is said may mean something else",
                    field=None,
                )
    yield from _all(known, operations(old), operations(new), "operation")
    yield from _all(known, operations(old, "webhooks"), operations(new, "webhooks"), "webhook", asks="response")


def _all(
    known: Reasoning,
    old: Mapping[tuple[str, str], Found],
    new: Mapping[tuple[str, str], Found],
    what: str,
    *,
    asks: Direction = "request",
    operation: str | None = None,
) -> Iterator[Change]:
    for key, found in old.items():
        if key not in new:
            yield _whole(f"{what}-gone", "breaking", found, operation, f"{key[0].upper()} {found.path} is gone")
        else:
            yield from _both(known, found, new[key], operation or found.name, asks)
    for key, found in new.items():
        if key not in old:
            yield _whole(f"{what}-added", "additive", found, operation, f"{key[0].upper()} {found.path} is new")


def _both(known: Reasoning, old: Found, new: Found, operation: str, asks: Direction) -> Iterator[Change]:
    messages = Messages(known, operation, asks=asks)
    messages.parameters(old, new)
    messages.body(old, new)
    messages.responses(old, new)
    yield from messages.changes
    yield from changed(deprecation(old, new), new, operation)
    if asks == "request":
        for told in (extensions, security, servers):
            yield from changed(told(old, new), new, operation)
    before, after = dict(children(old.node, "callbacks")), dict(children(new.node, "callbacks"))
    for name in sorted(before.keys() | after.keys()):
        left = of_callback(before[name]) if name in before else {}
        right = of_callback(after[name]) if name in after else {}
        yield from _all(
            known,
            left,
            right,
            "callback",
            asks="response" if asks == "request" else "request",
            operation=operation,
        )


def _whole(rule: str, verdict: Verdict, found: Found, operation: str | None, text: str) -> Change:
    return Change(
        rule=rule,
        verdict=verdict,
        operation=operation or found.name,
        direction=None,
        pointer=found.node.pointer,
        text=text,
        field=None,
    )
