from __future__ import annotations

import jsonschema_rs
import pytest
import yaml
from tests.pure.landscape.sample import YAML, spoiled

from tillway.landscape import json_schema


def valid(text: str) -> bool:
    document = yaml.load(text, yaml.BaseLoader)  # dates stay text, as an editor sees them
    for section in ("connections", "price_lists", "customers", "shops", "apis", "events"):
        for entry in document.get(section, {}).values():
            _numbers(entry)
    return jsonschema_rs.validator_for(json_schema()).is_valid(document)


def _numbers(node: dict[str, object]) -> None:
    for key, value in node.items():
        if isinstance(value, dict):
            _numbers(value)
        elif isinstance(value, str) and value.isdigit():
            node[key] = int(value)
        elif value in {"true", "false"}:
            node[key] = value == "true"


def test_the_schema_accepts_the_sample() -> None:
    assert valid(YAML)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("outbound:", "outbond:"),
        ("database: nordwind", "databse: nordwind"),
        ("{env: OTHER_KEY}", "{env: A, file: b}"),
        ("odoo: 3", "odoo: web"),
        ("kind: machine", "kind: robot"),
        ("erp: {kind", "e/rp: {kind"),
    ],
)
def test_the_schema_refuses_what_reading_refuses(old: str, new: str) -> None:
    assert not valid(spoiled((old, new)))


def test_every_field_is_described() -> None:
    schema = json_schema()
    for name, definition in [("Landscape", schema), *schema["$defs"].items()]:
        for field, content in definition["properties"].items():
            assert "description" in content or "$ref" in content, f"{name}.{field}"


def test_nobody_is_asked_to_write_an_id_inside() -> None:
    schema = json_schema()
    assert [name for name, definition in schema["$defs"].items() if "id" in definition["properties"]] == []


def test_changing_what_was_given_out_changes_nothing_for_others() -> None:
    json_schema()["properties"].clear()
    assert "shops" in json_schema()["properties"]
