"""A schema becomes the rows of a table."""

from __future__ import annotations

from tillway.console.fields import rows
from tillway.contracts import load

ORDER = load().events["order.accepted", 1]


def test_members_of_lists_and_objects_have_their_whole_path():
    found = [row.path for row in rows(ORDER, ORDER)]
    assert found[:2] == ["reference", "consumer"]
    assert {"lines", "lines[].sku", "back_office.id"} <= set(found)


def test_a_row_says_type_class_limits_and_whether_it_may_be_missing():
    found = {row.path: row for row in rows(ORDER, ORDER)}
    reference = found["reference"]
    assert (reference.type, reference.data_class, reference.limits) == (
        "string or null",
        "internal",
        ("1 to 128 characters",),
    )
    assert found["lines"].type == "list of objects"
    assert (reference.required, found["customer"].required) == (True, False)


def test_a_schema_that_contains_itself_ends():
    schema = {"type": "object", "properties": {"child": {"$ref": "#"}, "name": {"type": "string"}}}
    found = [row.path for row in rows(schema, schema)]
    assert "child.child.name" in found
    assert len(found) < 40


def test_choices_constants_and_maps_are_told():
    schema = {
        "properties": {
            "state": {"enum": ["open", None]},
            "kind": {"const": "x"},
            "tags": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
        }
    }
    assert [(row.path, row.type, row.limits) for row in rows(schema, schema)] == [
        ("state", "open | null", ()),
        ("kind", "always x", ()),
        ("tags", "object", ()),
        ("tags.*", "integer", ("from 1",)),
    ]
