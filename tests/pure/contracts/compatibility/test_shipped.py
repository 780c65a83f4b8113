"""The documents that ship, compared with themselves and with each of many changes of theirs."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tillway.contracts import load
from tillway.contracts.compatibility import Use, broken, compare, opened

APIS = {f"{api}.v{version}": document.content for (api, version), document in load().apis.items()}
EVENTS = {f"{name}.v{version}": schema for (name, version), schema in load().events.items()}


@pytest.mark.parametrize("name", sorted({**APIS, **EVENTS}))
def test_a_document_is_the_same_as_itself(name):
    document = {**APIS, **EVENTS}[name]
    found = compare(document, copy.deepcopy(document))
    assert (found.verdict, found.changes) == ("same", ())


@pytest.mark.parametrize("name", sorted(APIS))
def test_an_operation_that_goes_breaks_and_one_that_comes_adds(name):
    document = APIS[name]
    paths = list(document["paths"])
    for path in {paths[0], paths[len(paths) // 2], paths[-1]}:
        without = {**document, "paths": {each: item for each, item in document["paths"].items() if each != path}}
        assert compare(document, without).verdict == "breaking", path
        assert compare(without, document).verdict == "additive", path


def members(node: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every field of every schema."""
    if isinstance(node, dict):
        found = node.get("properties")
        if isinstance(found, dict):
            for name in found:
                yield node, name
        for inside in node.values():
            yield from members(inside)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_of_an_event_no_field_can_go_become_null_or_change_its_type(name):
    """Each field in turn, however deep: the diff says breaking, and a value shows why."""
    count = len(list(members(EVENTS[name])))
    assert count
    for index in range(count):
        for change in (gone, nullable, retyped):
            new = copy.deepcopy(EVENTS[name])
            node, field = list(members(new))[index]
            if change(node, field):
                assert compare(EVENTS[name], new).verdict == "breaking", (field, change)


def gone(node: dict[str, Any], field: str) -> bool:
    del node["properties"][field]
    node["required"] = [each for each in node.get("required", ()) if each != field]
    return True


def nullable(node: dict[str, Any], field: str) -> bool:
    before = node["properties"][field]
    node["properties"][field] = {"anyOf": [before, {"type": "null"}]}
    return not jsonschema_rs.is_valid({key: each for key, each in before.items() if key in {"type", "enum"}}, None)


def retyped(node: dict[str, Any], field: str) -> bool:
    node["properties"][field] = {"type": "array", "items": {"type": "array"}}
    return True


@pytest.mark.parametrize("name", ["orders.v1", "pos.v1", "subscriptions.v1"])
def test_of_an_interface_no_field_of_a_schema_can_be_retyped(name):
    """Two fields of each schema."""
    document = APIS[name]
    for schema, content in document["components"]["schemas"].items():
        for field in sorted(content.get("properties", ()))[::4][:2]:
            new = {
                **document,
                "components": {**document["components"], "schemas": {**document["components"]["schemas"]}},
            }
            new["components"]["schemas"][schema] = {
                **content,
                "properties": {**content["properties"], field: {"type": "array", "items": {"type": "array"}}},
            }
            assert compare(document, new).verdict == "breaking", (schema, field)


# Of the processor's time, however busy the machine is.
SECONDS_MAX = 2.0


def test_the_largest_document_is_compared_within_two_seconds(capsys):
    """Twenty thousand lines: the largest document that ships, four times over, with a change in what all operations share."""
    document = APIS["operations.v1"]
    paths = {f"/{index}{path}": item for index in range(4) for path, item in document["paths"].items()}
    old = {**document, "paths": paths}
    new = copy.deepcopy(old)
    problem = new["components"]["schemas"]["Problem"]["properties"]
    problem["more"] = {"type": "string"}
    del problem["detail"]
    began = time.process_time()
    found = compare(old, new)
    seconds = time.process_time() - began
    with capsys.disabled():
        print(f"\n{len(paths)} paths, {len(found.changes)} changes: {seconds:.2f} s")
    assert found.verdict == "breaking"
    assert seconds < SECONDS_MAX


def test_whom_it_breaks_is_told_by_scope_and_by_field():
    document = APIS["orders.v1"]
    new = copy.deepcopy(document)
    del new["components"]["schemas"]["Order"]["properties"]["reference"]
    found = compare(document, new)
    fields = {each.field for each in found.changes if each.operation == "getOrder" and each.verdict == "breaking"}
    assert fields == {"/reference"}
    uses = {
        "reads": opened(document, {"orders:read"}),
        "elsewhere": opened(document, {"prices:read"}),
        "seen-reading": Use(operations=frozenset({"getOrder"}), fields={"getOrder": frozenset({"/reference", "/id"})}),
        "seen-not-reading": Use(operations=frozenset({"getOrder"}), fields={"getOrder": frozenset({"/id"})}),
        "never-looked-at": Use(operations=frozenset({"getOrder"}), fields={}),
    }
    assert sorted(broken(found, uses)) == ["never-looked-at", "reads", "seen-reading"]


def test_what_everybody_must_send_breaks_also_those_who_never_did():
    old = {
        "openapi": "3.1.0",
        "paths": {
            "/a": {
                "post": {
                    "operationId": "add",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                                }
                            }
                        },
                    },
                    "responses": {},
                }
            }
        },
    }
    new = copy.deepcopy(old)
    schema = new["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["required"] = ["a"]
    schema["properties"]["b"]["maxLength"] = 3
    seen = {
        name: Use(operations=frozenset({"add"}), fields={"add": frozenset({field})})
        for name, field in (("a", "/a"), ("b", "/b"))
    }
    hit = broken(compare(old, new), seen)
    assert {name: sorted(each.rule for each in changes) for name, changes in hit.items()} == {
        "a": ["field-required"],
        "b": ["field-required", "maximum-length"],
    }
