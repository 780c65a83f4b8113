"""Operations: what an OpenAPI document promises, compiled into values that the gateway runs by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from tillway.errors import Misconfigured

METHODS: Final = ("get", "put", "post", "delete", "patch")

# What a request body may weigh unless its operation says `x-tillway-body-limit`: an order of 500 lines is 60 KB.
BODY_LIMIT_BYTES: Final = 1024 * 1024

JSON_MEDIA_TYPE: Final = "application/json"

Where = Literal["path", "query", "header"]
Idempotency = Literal["optional", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One parameter: where it stands, its name there, and the schema its value keeps once read as `kind`."""

    name: str
    where: Where
    required: bool
    kind: str
    schema: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of one API. `path` is the whole template, e.g. `/orders/v1/orders/{id}`.

    `body` and the values of `responses` are JSON pointers of schemas in the document; None means no body. Keys of
    `responses` are statuses as the document writes them: `201`, `4XX`, `default`. A `public` operation needs no token;
    what it needs stands in its body. `step_up`: a person must have signed in just now.
    """

    id: str
    api: str
    version: int
    method: str
    path: str
    summary: str
    scope: str
    criticality: str
    idempotency: Idempotency
    fact: bool
    public: bool
    step_up: bool
    parameters: tuple[Parameter, ...]
    body: str | None
    body_limit: int
    responses: Mapping[str, str | None]

    @property
    def writes(self) -> bool:
        """Whether a request may change something."""
        return self.scope.endswith(":write")

    def response(self, status: int) -> str | None:
        """The pointer of the schema for answers of this status. KeyError when the document promises no such status."""
        exact = str(status)
        for key in (exact, f"{exact[0]}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        raise KeyError(exact)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One OpenAPI document: which API and version, the parsed content, and the operations compiled from it."""

    api: str
    version: int
    content: Mapping[str, Any]
    operations: tuple[Operation, ...]


def compile_document(api: str, version: int, content: Mapping[str, Any]) -> Document:
    """The document with its operations. Misconfigured names the place that does not say what an operation needs."""
    base = content["servers"][0]["url"]
    if base != f"/{api}/v{version}":
        raise Misconfigured(f"{api}.v{version}: its server must be /{api}/v{version}, not {base}")
    operations = tuple(
        _operation(api, version, content, path, method)
        for path, item in content["paths"].items()
        for method in METHODS
        if method in item
    )
    return Document(api=api, version=version, content=content, operations=operations)


def resolve(content: Mapping[str, Any], pointer: str) -> Any:
    """What stands at a JSON pointer (without `#`) of a document. KeyError or IndexError when nothing does."""
    node: Any = content
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def escaped(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901 section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def followed(content: Mapping[str, Any], pointer: str) -> str:
    """The pointer itself, or where the reference that stands there leads in the end."""
    node = resolve(content, pointer)
    while isinstance(node, Mapping) and "$ref" in node:
        pointer = cast("str", node["$ref"]).removeprefix("#")
        node = resolve(content, pointer)
    return pointer


def _operation(api: str, version: int, content: Mapping[str, Any], path: str, method: str) -> Operation:
    place = f"/paths/{escaped(path)}/{method}"
    node = resolve(content, place)
    try:
        return Operation(
            id=node["operationId"],
            api=api,
            version=version,
            method=method.upper(),
            path=f"/{api}/v{version}{path}",
            summary=node["summary"],
            scope=node["x-tillway-scope"],
            criticality=node["x-tillway-criticality"],
            idempotency=node.get("x-tillway-idempotency", "none"),
            fact=node.get("x-tillway-fact", False),
            public=node.get("x-tillway-public", False),
            step_up=node.get("x-tillway-step-up", False),
            parameters=tuple(_parameters(content, f"/paths/{escaped(path)}", place)),
            body=_body(content, place),
            body_limit=node.get("x-tillway-body-limit", BODY_LIMIT_BYTES),
            responses={status: _response(content, f"{place}/responses/{status}") for status in node["responses"]},
        )
    except KeyError as error:
        raise Misconfigured(f"{api}.v{version} {place}: {error} is missing") from error


def _parameters(content: Mapping[str, Any], *places: str) -> Iterator[Parameter]:
    for place in places:
        for index in range(len(resolve(content, place).get("parameters", ()))):
            pointer = followed(content, f"{place}/parameters/{index}")
            node = resolve(content, pointer)
            schema = followed(content, f"{pointer}/schema")
            yield Parameter(
                name=node["name"],
                where=node["in"],
                required=node.get("required", False),
                kind=resolve(content, schema)["type"],
                schema=schema,
            )


def _body(content: Mapping[str, Any], place: str) -> str | None:
    if "requestBody" not in resolve(content, place):
        return None
    return followed(content, f"{followed(content, f'{place}/requestBody')}/content/{escaped(JSON_MEDIA_TYPE)}/schema")


def _response(content: Mapping[str, Any], place: str) -> str | None:
    pointer = followed(content, place)
    for media_type in resolve(content, pointer).get("content", {}):
        return followed(content, f"{pointer}/content/{escaped(media_type)}/schema")
    return None
