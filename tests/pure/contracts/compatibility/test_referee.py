"""A referee that knows nothing of how it is proven: values drawn at random, checked by jsonschema-rs.

If the diff says compatible, requests valid for the old schema are valid for the new, and answers valid for the new were
valid for the old. `make fuzz` draws many more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pure.contracts.compatibility.drawing import Drawing

from tillway.contracts.compatibility import Comparison, Unreadable, compare

VALUES = 24

Valid = Callable[[Any], bool]


def validator(schema: dict[str, Any]) -> Valid:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid


def drawn(seed: int) -> tuple[Drawing, dict[str, Any], dict[str, Any]]:
    """Two schemas, most of the time one that was made from the other."""
    drawing = Drawing(seed)
    old = drawing.document()
    return drawing, old, drawing.changed(old) if seed % 5 else drawing.document()


def compared(old: dict[str, Any], new: dict[str, Any], direction: Any) -> Comparison | None:
    try:
        return compare(old, new, direction)
    except Unreadable:
        return None


@given(st.integers(0, 2**48))
@settings(max_examples=max(100, settings().max_examples))
def test_what_is_compatible_is_so_for_every_value(seed):
    drawing, old, new = drawn(seed)
    try:
        was, now = validator(old), validator(new)
    except (ValueError, jsonschema_rs.ValidationError):
        return  # what was drawn is no schema
    request, answer = compared(old, new, "request"), compared(old, new, "response")
    for index in range(VALUES):
        schema = new if index % 2 else old
        value = drawing.value(schema, schema)
        # Who sent a member that the old contract says nothing of was promised nothing.
        if request and request.verdict != "breaking" and "field-added" not in {each.rule for each in request.changes}:
            assert not was(value) or now(value), (old, new, value)
        if answer and answer.verdict != "breaking":
            assert not now(value) or was(value), (old, new, value)
        if answer and answer.verdict == "same":
            assert was(value) == now(value), (old, new, value)


@given(st.integers(0, 2**48))
@settings(max_examples=max(50, settings().max_examples // 2))
def test_a_schema_is_the_same_as_its_copy_and_as_itself_written_otherwise(seed):
    _, old, _ = drawn(seed)
    try:
        validator(old)
    except (ValueError, jsonschema_rs.ValidationError):
        return
    # Drawn references may go in a circle that nobody can read.
    same = compared(old, copy.deepcopy(old), "response")
    assert same is None or same.verdict == "same"
    folded = {"allOf": [{word: each for word, each in old.items() if word != "$defs"}], "$defs": old["$defs"]}
    found = compared(old, folded, "response")
    assert found is None or found.verdict == "same", old
