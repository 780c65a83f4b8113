"""An operation as a person reads it: what it takes, what it answers, with the examples of the contract. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tillway.console.fields import Row, followed, limits, rows, typed
from tillway.contracts import Document, Operation, escaped, resolve

_MEDIA: Final = "application/json"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of an operation."""

    name: str
    where: str
    required: bool
    type: str
    description: str
    limits: tuple[str, ...]
    example: str | None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of an operation, by its status."""

    status: str
    description: str
    fields: tuple[Row, ...]
    example: str | None


class OperationView(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `common` names the headers that many operations take alike."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    tag: str
    scope: str
    criticality: str
    public: bool
    fact: bool
    step_up: bool
    idempotent: bool
    parameters: tuple[Taken, ...]
    common: tuple[str, ...]
    body: tuple[Row, ...]
    body_example: str | None
    answers: tuple[Answered, ...]

    @property
    def anchor(self) -> str:
        """Where it stands on the page of its reference."""
        return f"op-{self.id}"


def viewed(document: Document, operation: Operation) -> OperationView:
    """The operation with everything its document says of it."""
    content = document.content
    path = operation.path.removeprefix(f"/{operation.api}/v{operation.version}")
    item = resolve(content, f"/paths/{escaped(path)}")
    node = item[operation.method.lower()]
    given = [*item.get("parameters", ()), *node.get("parameters", ())]
    own = [_taken(content, each) for each in given if "$ref" not in each]
    body = _media(content, node.get("requestBody"))
    return OperationView(
        id=operation.id,
        method=operation.method,
        path=operation.path,
        summary=operation.summary,
        description=node.get("description", ""),
        tag=next(iter(node.get("tags", ())), ""),
        scope=operation.scope,
        criticality=operation.criticality,
        public=operation.public,
        fact=operation.fact,
        step_up=operation.step_up,
        idempotent=operation.idempotency == "optional",
        parameters=tuple(own),
        common=tuple(followed(content, each)["name"] for each in given if "$ref" in each),
        body=rows(content, body["schema"]) if body else (),
        body_example=_written(body.get("example")) if body else None,
        answers=tuple(_answered(content, status, each) for status, each in node["responses"].items()),
    )


def _taken(content: Mapping[str, Any], node: Mapping[str, Any]) -> Taken:
    schema = followed(content, node["schema"])
    example = node.get("example", schema.get("example"))
    return Taken(
        name=node["name"],
        where=node["in"],
        required=node.get("required", False),
        type=typed(content, schema),
        description=node.get("description", ""),
        limits=limits(schema),
        example=None if example is None else str(example),
    )


def _answered(content: Mapping[str, Any], status: str, node: Mapping[str, Any]) -> Answered:
    node = followed(content, node)
    media = _media(content, node)
    return Answered(
        status=status,
        description=node.get("description", ""),
        fields=rows(content, media["schema"]) if media and "schema" in media else (),
        example=_written(media.get("example")) if media else None,
    )


def _media(content: Mapping[str, Any], node: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if node is None:
        return None
    media: Mapping[str, Any] | None = followed(content, node).get("content", {}).get(_MEDIA)
    return media


def _written(example: Any) -> str | None:
    return None if example is None else msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
