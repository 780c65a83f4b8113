"""Blocks made from the contracts: operations, scopes, public paths, events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.pure.docs.pages import table

from tillway.contracts import Document, Operation, catalog, load
from tillway.contracts.documents import ENVELOPE
from tillway.gateway.people import CALLBACK_PATH, CONSOLE_TOKEN_PATH, SESSION_PATH, SIGN_IN_PATH, SIGN_OUT_PATH
from tillway.gateway.public import LIVE_PATH, METRICS_PATH, READY_PATH
from tillway.identity import INTROSPECT_PATH, JWKS_PATH, METADATA_PATH, REVOKE_PATH, TOKEN_PATH

DOCUMENTS = load()

PUBLIC: Mapping[str, tuple[str, str]] = {
    TOKEN_PATH: ("POST", "An access token for whoever proves to be a consumer."),
    INTROSPECT_PATH: (
        "POST",
        "Whether a token counts and what it says (RFC 7662), to its client or an operations reader.",
    ),
    REVOKE_PATH: ("POST", "Makes a client's own token worthless on every node (RFC 7009)."),
    METADATA_PATH: ("GET", "Where tokens are got and which scopes there are (RFC 8414)."),
    JWKS_PATH: ("GET", "The public keys that tokens are signed with."),
    SIGN_IN_PATH: (
        "GET",
        "Sends a browser to the identity provider; `return_to` is a path of the hub, `max_age` seconds.",
    ),
    CALLBACK_PATH: ("GET", "Where the identity provider sends it back to."),
    SESSION_PATH: ("GET", "Who is signed in in this browser: roles, scopes, until when, and the token for its posts."),
    CONSOLE_TOKEN_PATH: ("POST", "An access token of 10 minutes for whoever is signed in."),
    SIGN_OUT_PATH: ("POST", "Signs out, and makes the tokens of since worthless on every node."),
    catalog.ROOT: ("GET", "What is offered: every API, every event type, and where its document lies."),
    "/catalog/apis/{api}/v{n}/openapi.json": ("GET", "The OpenAPI 3.1 document of an API."),
    "/catalog/events/{type}/v{n}/schema.json": ("GET", "The JSON Schema of an event's `data`."),
    "/catalog/landscape.schema.json": ("GET", "The JSON Schema of a landscape's files, for editors."),
    "/catalog/asyncapi.json": ("GET", "The AsyncAPI 3.0 document of all events."),
    "/catalog/service-levels/{id}.yaml": ("GET", "A service level as an OpenSLO v1 document; also as `.json`."),
    "/catalog/apis/{api}/v{n}": ("GET", "An interface: owner, lifecycle, service levels, operations."),
    "/catalog/apis/{api}/v{n}/reference": ("GET", "Its operations with everything they take and answer, to be tried."),
    "/catalog/events/{type}/v{n}": ("GET", "An event type: owner, retention, fields, example."),
    "/catalog/domains": ("GET", "Domains, and how fresh each use of their data is."),
    "/catalog/service-levels": ("GET", "What is promised of interfaces."),
    "/catalog/changelog": ("GET", "What changed from release to release; strangers see what concerns contracts."),
    "/catalog/consumers": ("GET", "Who may call, and what they used; for people who may read operations."),
    "/catalog/owners": ("GET", "Who answers for what; for people who may read operations."),
    "/catalog/map": ("GET", "Who depends on whom, declared and observed; for people who may read operations."),
    "/catalog/assets/{file}": ("GET", "Style, script and mark of the pages."),
    LIVE_PATH: ("GET", "200 while the process answers."),
    READY_PATH: ("GET", "200 when it may be sent requests, otherwise 503 with the reasons."),
    METRICS_PATH: ("GET", "Counters and times of this door process, for Prometheus."),
}


def operations() -> str:
    """A section for each API with its operations."""
    return "\n\n".join(_api(document) for document in DOCUMENTS.apis.values())


def _api(document: Document) -> str:
    info = document.content["info"]
    rows = [
        [f"`{each.id}`", f"`{each.method} {each.path}`", each.summary, _scope(each), _repeating(each)]
        for each in document.operations
    ]
    titles = ["operation", "path", "what it does", "scope", "repeating it"]
    return f"### {document.api}\n\n{info['summary']} {info['description']}\n\n{table(titles, rows)}"


def _scope(operation: Operation) -> str:
    return "none" if operation.public else f"`{operation.scope}`"


def _repeating(operation: Operation) -> str:
    if operation.fact:
        return "a fact: the same sale is taken once"
    if operation.public:
        return "the same answer"
    if operation.idempotency == "optional":
        return "with an `Idempotency-Key`"
    if operation.method == "POST" and operation.writes:
        return "makes another one"
    return "the second time 404" if operation.method == "DELETE" else "changes nothing"


def scopes() -> str:
    """Every scope and the operations that ask for it."""
    found: dict[str, list[str]] = {}
    for _, operation in DOCUMENTS.operations():
        if operation.public:
            continue
        found.setdefault(operation.scope, []).append(f"`{operation.id}`")
    rows = [[f"`{scope}`", ", ".join(found[scope])] for scope in sorted(found)]
    return table(["scope", "lets you"], rows)


def public() -> str:
    """What needs no token."""
    return table(["path", "answers"], [[f"`{method} {path}`", told] for path, (method, told) in PUBLIC.items()])


def event_types() -> dict[str, Mapping[str, Any]]:
    """The schemas of the event types by short name, the envelope left out."""
    return {name: schema for (name, _), schema in DOCUMENTS.events.items() if name != ENVELOPE}


def events() -> str:
    """Every event type, its members and an example of its data."""
    return "\n\n".join(_event(name, schema) for name, schema in event_types().items())


def _event(name: str, schema: Mapping[str, Any]) -> str:
    titles = ["member", "meaning", "class"]
    example = json.dumps(schema["examples"][0], indent=2, ensure_ascii=False)
    rows = list(_members(schema))
    return f"### {name}\n\n{schema['description']}\n\n{table(titles, rows)}\n\n```json\n{example}\n```"


def _members(schema: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, member in schema.get("properties", {}).items():
        may_lack = "" if name in schema.get("required", ()) else " May be absent."
        yield [f"`{name}`", f"{member.get('description', '')}{may_lack}", member.get("x-data-class", "")]


def envelope() -> str:
    """The CloudEvents envelope: members and an example."""
    schema = DOCUMENTS.events[ENVELOPE, 1]
    example = json.dumps(schema["examples"][0], indent=2, ensure_ascii=False)
    rows = [row[:2] for row in _members(schema)]
    return f"{table(['member', 'meaning'], rows)}\n\n```json\n{example}\n```"
