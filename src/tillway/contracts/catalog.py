"""The catalogue: every promise as it is served to whoever wants to build against it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tillway.contracts.documents import Documents

ROOT = "/catalog"


def pages(documents: Documents) -> Mapping[str, bytes]:
    """Path to JSON bytes: the index, one document per API and version, one schema per event type and version."""
    served: dict[str, Any] = {ROOT: index(documents)}
    for (api, version), document in documents.apis.items():
        served[path_of(api, version)] = document.content
    for (event_type, version), schema in documents.events.items():
        served[f"{ROOT}/events/{event_type}/v{version}/schema.json"] = schema
    return {path: msgspec.json.encode(content) for path, content in served.items()}


def path_of(api: str, version: int) -> str:
    """Where the document of a version is served."""
    return f"{ROOT}/apis/{api}/v{version}/openapi.json"


def index(documents: Documents) -> dict[str, Any]:
    """What there is: names, versions, one sentence each, and where the document lies."""
    return {
        "apis": [
            {
                "api": api,
                "version": version,
                "title": document.content["info"]["title"],
                "summary": document.content["info"]["summary"],
                "operations": [operation.id for operation in document.operations],
                "document": path_of(api, version),
            }
            for (api, version), document in documents.apis.items()
        ],
        "events": [
            {
                "type": event_type,
                "version": version,
                "summary": schema.get("description", ""),
                "schema": f"{ROOT}/events/{event_type}/v{version}/schema.json",
            }
            for (event_type, version), schema in documents.events.items()
        ],
    }
