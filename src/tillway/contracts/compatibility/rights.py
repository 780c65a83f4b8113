"""Who may ask and how the hub treats it: security, scopes, servers, and Tillway's own words about operations. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.contracts.compatibility.change import Change, Unreadable, Verdict
from tillway.contracts.compatibility.nodes import WORDS, Node, canonical
from tillway.contracts.compatibility.operations import Found, children, followed
from tillway.contracts.operation import BODY_LIMIT_BYTES

Told = tuple[str, Verdict, str]

_CRITICALITIES: Final = ("low", "normal", "high", "critical")

# Each of our words about an operation that is read below.
_OURS: Final = frozenset({
    "x-tillway-scope", "x-tillway-criticality", "x-tillway-idempotency", "x-tillway-fact", "x-tillway-public",
    "x-tillway-step-up", "x-tillway-body-limit",
})  # fmt: skip
# What is compared elsewhere, or is said to people only.
_ELSEWHERE: Final = frozenset({
    "operationId", "summary", "description", "tags", "externalDocs", "parameters", "requestBody", "responses",
    "callbacks", "deprecated", "security", "servers", "examples",
})  # fmt: skip


def extensions(old: Found, new: Found) -> Iterator[Told]:
    """Our own words about an operation; one that nobody here knows breaks when it differs."""
    before, after = old.node.raw, new.node.raw
    yield from _said(before, after, "x-tillway-fact", good=True, text="facts are never refused")
    yield from _said(before, after, "x-tillway-public", good=True, text="no token is needed")
    yield from _said(before, after, "x-tillway-step-up", good=False, text="a person must have signed in just now")
    if before.get("x-tillway-scope") != after.get("x-tillway-scope"):
        asked = after.get("x-tillway-scope")
        verdict: Verdict = "breaking" if asked is not None else "additive"
        yield "scope", verdict, f"asks for the scope {asked} now" if asked else "asks for no scope any more"
    limits = [each.get("x-tillway-body-limit", BODY_LIMIT_BYTES) for each in (before, after)]
    yield from _ordered("body-limit", limits, "a body may weigh", "bytes")
    yield from _criticality(before, after)
    if before.get("x-tillway-idempotency", "none") != after.get("x-tillway-idempotency", "none"):
        good = (before.get("x-tillway-idempotency", "none"), after.get("x-tillway-idempotency")) == ("none", "optional")
        text = f"idempotency keys are {after.get('x-tillway-idempotency', 'none')} now"
        yield "idempotency", "additive" if good else "breaking", text
    for word in sorted({*before, *after} - _OURS - _ELSEWHERE):
        counts = word.startswith("x-tillway-") or not word.startswith("x-")
        if counts and word not in WORDS and canonical(before.get(word)) != canonical(after.get(word)):
            yield "extension", "breaking", f"{word} differs, and nobody here knows what it means"


def _said(before: Mapping[str, Any], after: Mapping[str, Any], word: str, *, good: bool, text: str) -> Iterator[Told]:
    was, now = before.get(word) is True, after.get(word) is True
    if was != now:
        rule = word.removeprefix("x-tillway-")
        yield rule, "additive" if now == good else "breaking", f"{text}{'' if now else ': not any more'}"


def _ordered(rule: str, limits: list[Any], text: str, unit: str) -> Iterator[Told]:
    was, now = limits
    if was != now:
        comparable = all(isinstance(each, int) for each in limits)
        good = comparable and now > was
        yield rule, "additive" if good else "breaking", f"{text} {now} {unit} now, {was} before"


def _criticality(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Told]:
    was, now = before.get("x-tillway-criticality"), after.get("x-tillway-criticality")
    if was == now:
        return
    ranks = [_CRITICALITIES.index(each) if each in _CRITICALITIES else -1 for each in (was, now)]
    good = ranks[1] > ranks[0] and ranks[0] >= 0
    yield "criticality", "additive" if good else "breaking", f"is of {now} criticality now, {was} before"


def security(old: Found, new: Found) -> Iterator[Told]:
    """Whatever proved enough before must still do so: each old way covered by a new one that asks for no more."""
    before, after = _ways(old), _ways(new)
    if all(any(_covers(way, other) for other in after) for way in before):
        if not all(any(_covers(way, other) for other in before) for way in after):
            yield "security", "additive", "there are further ways to prove who asks, or they need less"
    else:
        yield "security", "breaking", "what proved who asks is not enough any more"


Way = Mapping[Any, frozenset[str]]


def _ways(found: Found) -> list[Way]:
    """Alternatives, each of schemes with their scopes. Schemes are known by what they say, not by their name."""
    source = found.node.source
    root = source.node(source.content, "")
    given = found.node.raw.get("security", source.content.get("security"))
    if given is None:
        return [{}]
    if not isinstance(given, list):
        raise Unreadable(f"{found.node.pointer}/security is not a list")
    schemes = {name: _scheme(node.raw) for name, node in children(root, "components", "securitySchemes")}
    return [
        {schemes.get(name, name): frozenset(map(str, scopes or ())) for name, scopes in way.items()}
        for way in given
        if isinstance(way, dict)
    ] or [{}]


def _scheme(raw: Any) -> Any:
    """A scheme without its words, and without the list of scopes: which of them are needed is said by operations."""
    flows = raw.get("flows")
    kept = {key: value for key, value in raw.items() if key not in {"description", "flows"}}
    if isinstance(flows, dict):
        kept["flows"] = {
            name: {key: value for key, value in flow.items() if key != "scopes"} for name, flow in flows.items()
        }
    return canonical(kept)


def _covers(given: Way, asked: Way) -> bool:
    return all(scheme in given and scopes <= given[scheme] for scheme, scopes in asked.items())


def servers(old: Found, new: Found) -> Iterator[Told]:
    """Where an operation is asked: an address that is gone breaks."""
    before, after = _addresses(old), _addresses(new)
    gone, came = before - after, after - before
    if gone:
        yield "server-gone", "breaking", f"is not at {_listed(gone)} any more"
    if came:
        yield "server-added", "additive", f"is at {_listed(came)} now"


def _listed(addresses: set[str]) -> str:
    return ", ".join(sorted(each.partition("\n")[0] for each in addresses))


def _addresses(found: Found) -> set[str]:
    for place in (found.node, found.item, found.node.source.node(found.node.source.content, "")):
        given = place.raw.get("servers")
        if isinstance(given, list) and given:
            return {_address(place, each) for each in given if isinstance(each, dict)}
    return {"/"}


def _address(place: Node, server: dict[str, Any]) -> str:
    variables = {
        name: {"default": each.get("default"), "enum": sorted(map(str, each.get("enum", ())))}
        for name, each in server.get("variables", {}).items()
    }
    url = str(server.get("url", "/")).rstrip("/") or "/"
    del place
    return f"{url}\n{canonical(variables)}" if variables else url


def deprecation(old: Found, new: Found) -> Iterator[Told]:
    """Whether an operation is on its way out; nothing about what it takes and tells."""
    was, now = (each.node.raw.get("deprecated") is True for each in (old, new))
    if was != now:
        yield "deprecation", "same", "is deprecated now" if now else "is not deprecated any more"
    if old.name != new.name and old.node.raw.get("operationId") and new.node.raw.get("operationId"):
        yield "operation-name", "same", f"is called {new.name} now, was {old.name}"


def changed(told: Iterator[Told], found: Found, operation: str) -> Iterator[Change]:
    """As changes of an operation."""
    for rule, verdict, text in told:
        yield Change(
            rule=rule,
            verdict=verdict,
            operation=operation,
            direction=None if rule in {"deprecation", "operation-name"} else "request",
            pointer=followed(found.node).pointer,
            text=text,
            field=None,
        )
