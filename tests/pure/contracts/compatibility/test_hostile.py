"""Documents that mean harm: each ends soon, with breaking or with a sentence, never in a stack or without an end."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tillway.contracts.compatibility import Unreadable, compare

# Of the processor's time for each.
SECONDS_MAX = 10.0


def chain(leaf: str) -> dict[str, Any]:
    """Three hundred schemas, each inside the one before."""
    inside = {f"d{at}": {"properties": {"x": {"$ref": f"#/$defs/d{at + 1}"}}} for at in range(300)}
    return {"$ref": "#/$defs/d0", "$defs": {**inside, "d300": {"type": leaf}}}


def doubled(leaf: str) -> dict[str, Any]:
    """Two ways to each next schema: 2^25 paths."""
    inside = {f"d{at}": {"properties": {name: {"$ref": f"#/$defs/d{at + 1}"} for name in "xy"}} for at in range(25)}
    return {"$ref": "#/$defs/d0", "$defs": {**inside, "d25": {"type": leaf}}}


def multiplied(leaf: str) -> dict[str, Any]:
    """2^30 combinations of alternatives."""
    return {
        "allOf": [{"anyOf": [{"required": [f"a{at}"]}, {"required": [f"b{at}"]}]} for at in range(30)]
        + [{"type": leaf}]
    }


def overlapping(leaf: str) -> dict[str, Any]:
    """Sixteen variants that may all hold."""
    return {"oneOf": [{"type": "object", "properties": {f"p{at}": {"type": leaf}}} for at in range(16)]}


def nested(leaf: str, depth: int = 24) -> dict[str, Any]:
    """Not, again and again."""
    return {"type": leaf} if depth == 0 else {"not": {"required": ["a"], "properties": {"a": nested(leaf, depth - 1)}}}


@pytest.mark.parametrize("made", [chain, doubled, multiplied, overlapping, nested])
def test_an_entangled_schema_ends_as_breaking_or_unreadable(made):
    began = time.process_time()
    try:
        verdict = compare(made("string"), made("number")).verdict
    except Unreadable as error:
        verdict = error.detail
    assert verdict == "breaking" or "entangled" in verdict
    assert time.process_time() - began < SECONDS_MAX


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#"}, "contains itself"),
        ({"anyOf": [{"$ref": "#"}]}, "contains itself"),
        ({"$ref": "#/nowhere"}, "leads nowhere"),
        ({"$ref": 1}, "a reference is a text"),
        ({"properties": []}, "is not a mapping"),
        ({"anyOf": {}}, "is not a list"),
        ({"required": "a"}, "is not a list of names"),
        ({"minimum": float("inf")}, "no number that JSON has"),
        ({"minLength": -1}, "is not a count"),
        ({"multipleOf": 0}, "is not above zero"),
        ({"pattern": "["}, None),
        ({"patternProperties": {"[": {}}, "properties": {"a": {}}}, "cannot be read"),
        ({"openapi": "2.0"}, "the other is not"),
    ],
)  # fmt: skip
def test_what_is_no_schema_is_told_with_its_place(schema, said):
    if said is None:
        assert compare(schema, {"type": "string"}).verdict == "breaking"
        return
    with pytest.raises(Unreadable, match=said):
        compare(schema, {"type": "string"})


def test_an_older_openapi_says_the_same_in_its_own_words():
    def document(version: str, schema: dict[str, Any]) -> dict[str, Any]:
        answer = {"content": {"application/json": {"schema": schema}}}
        return {"openapi": version, "paths": {"/a": {"get": {"operationId": "get", "responses": {"200": answer}}}}}

    old = document("3.0.3", {"type": "number", "nullable": True, "minimum": 1, "exclusiveMinimum": True})
    new = document("3.1.0", {"type": ["number", "null"], "exclusiveMinimum": 1})
    assert compare(old, new).verdict == "same"
    assert compare(old, document("3.1.0", {"type": "number", "exclusiveMinimum": 1})).verdict == "additive"
    assert (
        compare(document("3.1.0", {"type": "number"}), document("3.0.3", {"type": "number", "nullable": True})).verdict
        == "breaking"
    )
