"""The landscape's JSON Schema: completes and checks in editors, and explains errors."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, Literal

from tillway.landscape.base import Entry
from tillway.landscape.landscape import INHERITED, Landscape
from tillway.landscape.problem import Path

Over = Literal["nothing", "base", "all"]

# Entries of which the base landscape or `defaults` may have said what is needed.
_SHIPPED = ("Api", "EventEntry", "Domain", "ProcessEntry")


def json_schema(over: Over = "nothing") -> dict[str, Any]:
    """JSON Schema 2020-12 of a landscape as it is written in YAML. The caller may change what it gets.

    `over` the base landscape lie a retailer's files: any of them may hold any section, and what ships is not said
    again. `over` all the others lie an environment's: they change fields of entries and take entries away.
    """
    made = copy.deepcopy(_schema())
    if over != "nothing":
        made.pop("required", None)
        for name in _SHIPPED:
            made["$defs"][name].pop("required", None)
    if over == "all":
        for definition in made["$defs"].values():
            definition.pop("required", None)
        for section in made["properties"].values():
            for name, entry in section.get("patternProperties", {}).items():
                section["patternProperties"][name] = {"anyOf": [entry, {"type": "null"}]}
    return made


@cache
def _schema() -> dict[str, Any]:
    schema = Landscape.model_json_schema(mode="validation")
    definitions = schema["$defs"]
    for entry in _entries(Entry):
        definition = definitions[entry.__name__]
        # The id is the key an entry stands under, so nobody writes it inside.
        del definition["properties"]["id"]
        definition["required"] = [name for name in definition.get("required", ()) if name != "id"]
    # Policies and contracts are files of their own.
    for files in ("policies", "contracts", "expressions"):
        del schema["properties"][files]
    shop = definitions["Shop"]
    shop["required"] = [name for name in shop["required"] if name not in INHERITED]
    for definition in (schema, *definitions.values()):
        for field in definition["properties"].values():
            if "patternProperties" in field:
                # Pydantic leaves other keys open in the schema although it refuses them.
                field["additionalProperties"] = False
    definitions["PublicKeyRef"]["oneOf"] = [{"required": ["file"]}, {"required": ["jwk"]}]
    definitions["SecretRef"]["oneOf"] = [{"required": [way]} for way in ("env", "file", "vault")]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Tillway landscape"}


def _entries(model: type[Entry]) -> list[type[Entry]]:
    return [found for child in model.__subclasses__() for found in (child, *_entries(child))]


def node(path: Path) -> dict[str, Any]:
    """The schema at a path of the landscape; empty where the landscape knows nothing."""
    here = _resolved(_schema())
    for step in path:
        here = _resolved(_step(here, step))
    return here


def _step(here: dict[str, Any], step: str | int) -> dict[str, Any]:
    if isinstance(step, int):
        inside = here.get("items", {})
    elif step in here.get("properties", {}):
        inside = here["properties"][step]
    else:
        inside = next(iter(here.get("patternProperties", {}).values()), here.get("additionalProperties", {}))
    return inside if isinstance(inside, dict) else {}


def _resolved(here: dict[str, Any]) -> dict[str, Any]:
    reference = here.get("$ref")
    return _schema()["$defs"][reference.rsplit("/", 1)[-1]] if reference else here
