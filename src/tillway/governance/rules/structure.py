"""Can a document be read as OpenAPI 3.1: its structure, its schemas, and whether its references lead somewhere. Pure.

`openapi-3.1.json` is the OpenAPI Initiative's own JSON Schema of 2022-10-07, unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

import jsonschema_rs

from tillway.contracts import escaped
from tillway.governance.rules.walking import Path, referred

# Faults of one document that are told; whoever mends these runs it again.
FAULTS_MAX: Final = 20
# Characters of one fault: a whole operation quoted helps nobody.
TEXT_MAX: Final = 200

# What a document is called while values are held against its schemas; never leaves this file.
_DOCUMENT: Final = "urn:tillway:document"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something is not OpenAPI 3.1, and where."""

    path: Path
    text: str


def faults(content: Any) -> Iterator[Fault]:
    """What keeps a document from being read, at most FAULTS_MAX; references are looked at in what is well formed."""
    found = list(islice(_malformed(content), FAULTS_MAX))
    yield from found or islice(_dangling(content), FAULTS_MAX)


def _malformed(content: Any) -> Iterator[Fault]:
    for error in _validator().iter_errors(content):
        yield Fault(tuple(error.instance_path), error.message[:TEXT_MAX])


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    text = (resources.files("tillway.governance.rules") / "openapi-3.1.json").read_text("utf-8")
    return jsonschema_rs.Draft202012Validator(_with_schemas(json.loads(text)), mask="this", offline=True)


def _with_schemas(openapi: dict[str, Any]) -> dict[str, Any]:
    """Schema objects are JSON Schemas of 2020-12, which OpenAPI's own schema leaves open."""
    schema = openapi["$defs"]["schema"]
    schema["allOf"] = [{"$ref": "https://json-schema.org/draft/2020-12/schema"}]
    return openapi


def _dangling(content: Any) -> Iterator[Fault]:
    waiting: list[tuple[Path, Any]] = [((), content)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, list):
            waiting += [((*path, index), inside) for index, inside in enumerate(node)]
        elif isinstance(node, Mapping):
            reference = node.get("$ref")
            if isinstance(reference, str) and not (reference.startswith("#/") and _leads(content, reference)):
                yield Fault((*path, "$ref"), f"{reference[:TEXT_MAX]} leads nowhere in this document")
            waiting += [((*path, key), inside) for key, inside in node.items() if key not in {"example", "examples"}]


def _leads(content: Any, reference: str) -> bool:
    return isinstance(referred(content, reference)[1], Mapping)


class Schemas:
    """The schemas of a document, compiled one by one as they are asked for: a document has far more than examples."""

    def __init__(self, content: Any) -> None:
        draft = jsonschema_rs.Draft202012
        self._registry = jsonschema_rs.Registry([(_DOCUMENT, content)], draft=draft)

    def fault(self, path: Path, value: Any) -> str:
        """What is first wrong with a value that should keep the schema at this path; empty: nothing."""
        pointer = "".join(f"/{escaped(str(token))}" for token in path)
        schema = {"$ref": f"{_DOCUMENT}#{quote(pointer, safe='/~')}"}
        validator = jsonschema_rs.Draft202012Validator(
            schema, registry=self._registry, validate_formats=True, mask="this"
        )
        for error in validator.iter_errors(value):
            place = "".join(f"/{escaped(str(token))}" for token in error.instance_path)
            return f"{place or 'it'}: {error.message}"[:TEXT_MAX]
        return ""
