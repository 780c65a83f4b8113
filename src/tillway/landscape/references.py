"""Do interfaces, events, boards and promises refer to what there is? Pure; finds everything that does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from tillway.landscape.declared import Declared, refers
from tillway.landscape.landscape import Landscape
from tillway.landscape.lifecycle import ApiVersion
from tillway.landscape.model import Api
from tillway.landscape.own_documents import file_of, schema_file_of
from tillway.landscape.problem import Mark, Path, Problem, meant
from tillway.retail.own_field import OWN_FIELDS_MAX

_FIRST: Final = 1


def references(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    """Findings on what the newer sections refer to."""
    for api in landscape.apis.values():
        yield from _api(api, landscape, declared)
    for event in landscape.events.values():
        yield from refers(("events", event.id, "domain"), "domain", event.domain, declared.of("domains"))
    for shop in landscape.shops.values():
        # A region that nobody describes may be a mere label of policies.
        if declared.of("regions"):
            yield from refers(("shops", shop.id, "region"), "region", shop.region, declared.of("regions"))
    for level in landscape.service_levels.values():
        yield from refers(("service_levels", level.id, "api"), "interface", level.api, declared.of("apis"))
    for entry in landscape.mappings.values():
        if entry.file not in landscape.expressions:
            text = f"there is no file {entry.file}"
            remedy = meant(entry.file, landscape.expressions) or "write it, or take the mapping out"
            yield Problem(path=("mappings", entry.id, "file"), text=text, remedy=remedy)
    yield from _extensions(landscape, declared)
    yield from _governed(landscape, declared)
    yield from _documents(landscape, declared)


def _extensions(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    for entry in landscape.extensions.values():
        path: Path = ("extensions", entry.id, "connection")
        yield from refers(path, "connection", entry.connection, declared.of("connections"))
    for word, fields in landscape.own_fields.items():
        if len(fields) > OWN_FIELDS_MAX:
            text = f"a {word} has {len(fields)} own fields, and may have {OWN_FIELDS_MAX}"
            yield Problem(path=("extensions",), text=text, remedy="keep those that somebody is told")


def _api(api: Api, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    here: Path = ("apis", api.id)
    callable_ = declared.of("apis") | declared.of("connections") | declared.of("upstreams")
    yield from refers((*here, "domain"), "domain", api.domain, declared.of("domains"))
    yield from refers((*here, "upstream"), "upstream", api.upstream, declared.of("upstreams"))
    yield from _each((*here, "calls"), "interface, connection or upstream", api.calls, callable_)
    if api.callers != "*":
        yield from _each((*here, "callers"), "consumer", api.callers, declared.of("consumers"))
    if api.upstream is not None and all(name != api.id for name, _ in landscape.own_documents.apis):
        text = "an upstream answers it, and no document says what it promises"
        remedy = f"write {file_of(api.id, _FIRST)}, or take the upstream out"
        yield Problem(path=(*here, "upstream"), text=text, remedy=remedy)
    for name, version in api.versions.items():
        yield from _version((*here, "versions", name), version, landscape, declared)


def _version(here: Path, version: ApiVersion, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    yield from _each((*here, "testers"), "consumer", version.testers, declared.of("consumers"))
    if version.successor is not None:
        name, _, major = version.successor.partition("/")
        yield from refers((*here, "successor"), "interface", name, declared.of("apis"))
        found = landscape.apis.get(name)
        if found is not None:
            yield from refers((*here, "successor"), f"version of {name}", major, found.versions)
        if here[1::2] == (name, major):
            yield Problem(path=(*here, "successor"), text="it is its own successor", remedy="name another version")
    for index, brownout in enumerate(version.brownouts):
        yield from _in_order((*here, "brownouts", index, "ends"), "begins", brownout.begins, brownout.ends)
    if version.deprecated is not None and version.sunset is not None:
        yield from _in_order((*here, "sunset"), "deprecated", version.deprecated, version.sunset)


def _governed(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    governance = landscape.governance
    # Without any roles nobody signs in yet, and a board is a plan.
    for board in governance.boards.values() if declared.of("roles") else ():
        path: Path = ("governance", "boards", board.id, "roles")
        yield from _each(path, "role", board.roles, declared.of("roles"))
    for index, rule in enumerate(governance.approvals):
        yield from _each(("governance", "approvals", index, "boards"), "board", rule.boards, governance.boards)
    yield from _each(("governance", "emergency", "boards"), "board", governance.emergency.boards, governance.boards)
    for index, freeze in enumerate(governance.freezes):
        yield from _in_order(("governance", "freezes", index, "ends"), "begins", freeze.begins, freeze.ends)


def _documents(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    """Each document and schema of the retailer's own belongs to an entry."""
    for name, version in landscape.own_documents.apis:
        mark = Mark(file_of(name, version), 1)
        if name not in declared.of("apis"):
            text = f"the interface {name!r} is not declared"
            yield Problem(path=(), text=text, remedy=f"declare it under apis, with its upstream: {name}", mark=mark)
        api = landscape.apis.get(name)
        if api is None:
            continue
        if api.upstream is None:
            text = f"apis.{name} has a document of its own and no upstream that answers it"
            yield Problem(path=(), text=text, remedy="name one of `upstreams` there", mark=mark)
        if f"v{version}" not in api.versions:
            yield Problem(path=(), text=f"apis.{name} has no version v{version}", remedy="add it there", mark=mark)
    for event_type, version in landscape.own_documents.events:
        if event_type not in declared.of("events"):
            text, mark = f"the event type {event_type!r} is not declared", Mark(schema_file_of(event_type, version), 1)
            yield Problem(path=(), text=text, remedy="declare it under events", mark=mark)


def _each(here: Path, what: str, keys: Iterable[str], known: Iterable[str]) -> Iterator[Problem]:
    for index, key in enumerate(keys):
        yield from refers((*here, index), what, key, known)


def _in_order(here: Path, before: str, begins: date, ends: date) -> Iterator[Problem]:
    # A day and a moment are compared by their days: a day counts whole.
    if ends.isoformat()[:10] < begins.isoformat()[:10] or (type(begins) is type(ends) and ends < begins):
        yield Problem(path=here, text=f"lies before {before}", remedy="exchange the two")
