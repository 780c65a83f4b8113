"""The committed documents: the one file of this room that reads. Everything else works on the values it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

import msgspec
import yaml

from tillway.contracts.operation import Document, Operation, compile_document
from tillway.errors import Misconfigured

ENVELOPE = "cloudevent"
"""Name of the schema of the CloudEvents envelope, beside the event types."""


@dataclass(frozen=True, slots=True)
class Documents:
    """All promises of this release: OpenAPI documents by (API, version), event schemas by (short name, version)."""

    apis: Mapping[tuple[str, int], Document]
    events: Mapping[tuple[str, int], Mapping[str, Any]]

    def operations(self) -> Iterator[tuple[Document, Operation]]:
        """Every operation with its document."""
        for document in self.apis.values():
            for operation in document.operations:
                yield document, operation

    def document(self, api: str, version: int = 1) -> Document:
        """The document of an API. KeyError when there is none."""
        return self.apis[api, version]


@cache
def load() -> Documents:
    """The documents that ship with this package, read once. Misconfigured when one does not say what it must."""
    folder = resources.files("tillway.contracts") / "documents"
    apis = {}
    for file in _sorted(folder, ".yaml"):
        api, version = _named(file, ".yaml")
        content = yaml.load(file.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - safe in both its forms
        apis[api, version] = compile_document(api, version, content)
    events = {}
    for file in _sorted(folder / "events", ".json"):
        events[_named(file, ".json")] = msgspec.json.decode(file.read_bytes())
    return Documents(MappingProxyType(apis), MappingProxyType(events))


# The one in C reads ten times faster; not every platform's wheel has it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _sorted(folder: Traversable, suffix: str) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(suffix)), key=lambda file: file.name)


def _named(file: Traversable, suffix: str) -> tuple[str, int]:
    """`orders.v1.yaml` is version 1 of orders."""
    name, _, version = file.name.removesuffix(suffix).rpartition(".v")
    if not name or not version.isdigit():
        raise Misconfigured(f"{file.name}: a document is named <api>.v<number>{suffix}")
    return name, int(version)
