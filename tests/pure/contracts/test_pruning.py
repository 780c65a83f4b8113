"""A body without what its contract does not know, and that nothing else can be in one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tillway.contracts import OperationChecks, escaped, load, pruner, resolve

BODIES = [
    pytest.param(document, operation, id=operation.id)
    for document, operation in load().operations()
    if operation.body is not None
]

# Objects whose members the operation judges itself, by a closed schema of its own.
JUDGED = {
    ("releaseSale", "/corrections"),  # members of a sale: judged as one once they stand in it
    ("recordSales", ""),  # an envelope: the door drops what it does not know, and each sale is judged alone
    ("recordSales", "/sales/*"),
}

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a": {"type": "string"},
        "lines": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": False, "properties": {"sku": {"type": "string"}}},
        },
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def test_only_what_is_not_known_is_taken_out():
    value = {"a": "1", "b": 2, "lines": [{"sku": "x", "c": {"d": 1}}, {"e/f": 1}], "map": {"any": "thing"}}
    assert set(pruner(SCHEMA, "")(value)) == {"/b", "/lines/0/c", "/lines/1/e~1f"}
    assert value == {"a": "1", "lines": [{"sku": "x"}, {}], "map": {"any": "thing"}}
    assert pruner(SCHEMA, "")(value) == ()


def test_what_is_wrong_with_the_rest_stays_wrong():
    value = {"a": 1, "b": 2}
    assert pruner(SCHEMA, "")(value) == ("/b",)
    assert value == {"a": 1}


@pytest.mark.parametrize(("document", "operation"), BODIES)
def test_no_object_of_a_request_takes_members_that_it_does_not_name(document, operation):
    """Mass assignment: a member that no schema names must never get as far as a handler."""
    found = {(operation.id, place) for place in _open(document.content, operation.body)}
    assert found <= JUDGED


@pytest.mark.parametrize(("document", "operation"), BODIES)
def test_of_each_example_only_the_strange_member_goes(document, operation):
    place = f"/paths/{escaped(operation.path.removeprefix(f'/{operation.api}/v1'))}/{operation.method.lower()}"
    example = resolve(document.content, f"{place}/requestBody/content/application~1json/example")
    checks, sent = OperationChecks(document, operation), copy.deepcopy(example)
    if operation.fact:
        assert checks.members == {"sales"}
        return
    sent["is_admin"] = True
    assert (checks.prune(sent), sent) == (("/is_admin",), example)


def _open(content: Any, pointer: str | None) -> Iterator[str]:
    yield from _walk(content, resolve(content, pointer or ""), "", ())


def _walk(content: Any, node: Any, at: str, above: tuple[str, ...]) -> Iterator[str]:
    if "$ref" in node:
        if node["$ref"] not in above:
            node_there = resolve(content, node["$ref"].removeprefix("#"))
            yield from _walk(content, node_there, at, (*above, node["$ref"]))
        return
    if ("object" in node.get("type", ()) and "additionalProperties" not in node) or node.get(
        "additionalProperties"
    ) is True:
        yield at
    for name, each in node.get("properties", {}).items():
        yield from _walk(content, each, f"{at}/{name}", above)
    if "items" in node:
        yield from _walk(content, node["items"], f"{at}/*", above)
    for word in ("allOf", "anyOf", "oneOf"):
        for each in node.get(word, ()):
            yield from _walk(content, each, at, above)
