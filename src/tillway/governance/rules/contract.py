"""An OpenAPI document as rules look at it: operations, schemas and references, each with its place. Pure.

Unlike what the gateway compiles, it bears with documents that promise too little: that is what rules tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import yaml

from tillway.contracts import Documents
from tillway.governance.rules.structure import Fault, Schemas, faults
from tillway.governance.rules.walking import Node, Path, dereferenced, nested, step
from tillway.landscape import Mark

METHODS: Final = ("get", "put", "post", "delete", "patch", "options", "head", "trace")
UNSAFE: Final = ("post", "put", "patch", "delete")

_NAME: Final = re.compile(r"(?P<api>[A-Za-z0-9][A-Za-z0-9._-]*)\.v(?P<version>[0-9]+)\.yaml\Z")
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\Z")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Dates stay texts, as JSON has them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Operation:
    """One operation of a document, its node and where it stands."""

    contract: Contract
    path: Path
    route: str
    method: str
    node: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its operationId, or what it is called without one."""
        return str(self.node.get("operationId") or f"{self.method.upper()} {self.route}")

    @property
    def scope(self) -> str:
        """The scope it asks for; empty: it says none."""
        return str(self.node.get("x-tillway-scope", ""))

    @property
    def public(self) -> bool:
        """Whether it needs no token."""
        return bool(self.node.get("x-tillway-public", False))

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, by its method or by its scope."""
        return self.method not in UNSAFE or self.scope.endswith(":read")

    @cached_property
    def parameters(self) -> tuple[Node, ...]:
        """Its parameters and those of its path, references followed."""
        content = self.contract.content
        places = ((*self.path[:-1], "parameters"), (*self.path, "parameters"))
        return tuple(
            dereferenced(content, Node((*place, index), each))
            for place in places
            for index, each in enumerate(step(content, place) or ())
        )

    @cached_property
    def body(self) -> Node | None:
        """Its request body."""
        found = self.node.get("requestBody")
        return None if found is None else dereferenced(self.contract.content, Node((*self.path, "requestBody"), found))

    @cached_property
    def responses(self) -> Mapping[str, Node]:
        """Its answers by status as the document writes it."""
        place = (*self.path, "responses")
        given = self.node.get("responses", {})
        return {str(key): dereferenced(self.contract.content, Node((*place, key), given[key])) for key in given}

    def answers(self) -> Iterator[tuple[str, Node]]:
        """Answers that are no refusal."""
        return ((status, node) for status, node in self.responses.items() if status.startswith(("2", "3")))

    def refusals(self) -> Iterator[tuple[str, Node]]:
        """Answers that are one: 4XX, 5XX and `default`."""
        return ((status, node) for status, node in self.responses.items() if status[:1] in {"4", "5", "d"})


def media(node: Node) -> Iterator[tuple[str, Node]]:
    """The media types of a body or an answer."""
    for name, inside in node.value.get("content", {}).items():
        yield name, Node((*node.path, "content", name), inside)


def json_schemas(content: Any, nodes: Iterable[Node]) -> Iterator[Node]:
    """The schemas of the JSON bodies among these, references followed."""
    for node in nodes:
        for name, inside in media(node):
            if _JSON.match(name) and "schema" in inside.value:
                yield dereferenced(content, Node((*inside.path, "schema"), inside.value["schema"]))


@dataclass(frozen=True)
class Contract:
    """One document: its file, what it is about by its name, its content, and its text if it has one."""

    name: str
    api: str
    version: int
    content: Any
    text: str = ""
    unread: Fault | None = None

    @property
    def path(self) -> Path:
        """Where it stands beside a landscape."""
        return ("contracts", self.name)

    @property
    def file(self) -> str:
        """Its file."""
        return f"contracts/{self.name}"

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Why it cannot be read as OpenAPI 3.1; empty: it can."""
        return (self.unread,) if self.unread is not None else tuple(faults(self.content))

    @property
    def sound(self) -> bool:
        """Whether it can be read as OpenAPI 3.1, so that other rules can look at it."""
        return not self.faults

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in order."""
        return tuple(
            Operation(self, ("paths", route, method), route, method, item[method])
            for route, item in self.content.get("paths", {}).items()
            for method in METHODS
            if method in item
        )

    @cached_property
    def roots(self) -> tuple[Node, ...]:
        """Schemas that no other schema holds: components, and those written out where they are used."""
        return tuple(_roots(self.content))

    @cached_property
    def schemas(self) -> tuple[Node, ...]:
        """Every schema, those inside others too; references are not followed."""
        return tuple(found for root in self.roots for found in nested(root))

    @cached_property
    def asked(self) -> tuple[Node, ...]:
        """Every schema that a request body can hold, references followed."""
        bodies = [each.body for each in self.operations if each.body is not None]
        return tuple(_reached(self.content, json_schemas(self.content, bodies)))

    @cached_property
    def answered(self) -> tuple[Node, ...]:
        """Every schema that an answer can hold, references followed."""
        found = [node for each in self.operations for _, node in each.answers()]
        return tuple(_reached(self.content, json_schemas(self.content, found)))

    @cached_property
    def values(self) -> Schemas:
        """What values are held against."""
        return Schemas(self.content)

    def fields(self) -> Iterator[tuple[str, Node]]:
        """Every member of every object with its name."""
        return members(self.schemas)

    @cached_property
    def places(self) -> Mapping[Path, Mark]:
        """Where in its file everything stands."""
        return {} if not self.text else dict(_places(self.file, self.text))


def members(schemas: Iterable[Node]) -> Iterator[tuple[str, Node]]:
    """The members that these schemas declare."""
    for schema in schemas:
        for name, inside in schema.value.get("properties", {}).items():
            if isinstance(inside, Mapping):
                yield name, Node((*schema.path, "properties", name), inside)


def named(file: str) -> tuple[str, int]:
    """The interface and version that a file's name tells; version 0: it tells none."""
    name = file.rpartition("/")[2]
    found = _NAME.match(name)
    return (found["api"], int(found["version"])) if found else (name.removesuffix(".yaml"), 0)


def parsed(file: str, text: str) -> Contract:
    """The document in this text, whatever stands in it."""
    name = file.rpartition("/")[2]
    api, version = named(name)
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - safe in both its forms
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        return Contract(name, api, version, None, text, Fault((), f"not YAML: {line}{_said(error)}"))
    return Contract(name, api, version, content, text)


def shipped(documents: Documents) -> dict[tuple[str, int], Contract]:
    """The documents that ship with Tillway, as rules look at them."""
    return {
        (each.api, each.version): Contract(f"{each.api}.v{each.version}.yaml", each.api, each.version, each.content)
        for each in documents.apis.values()
    }


def _said(error: Exception) -> str:
    return str(getattr(error, "problem", None) or "cannot be read")


def _roots(content: Mapping[str, Any]) -> Iterator[Node]:
    for name, schema in content.get("components", {}).get("schemas", {}).items():
        yield Node(("components", "schemas", name), schema)
    yield from _written_out(content, ())


def _written_out(node: Any, path: Path) -> Iterator[Node]:
    """Schemas under `schema`, in everything but component schemas and examples."""
    if isinstance(node, list):
        for index, inside in enumerate(node):
            yield from _written_out(inside, (*path, index))
    elif isinstance(node, Mapping):
        for key, inside in node.items():
            here = (*path, key)
            if here == ("components", "schemas") or key in {"example", "examples"}:
                continue
            if key == "schema" and isinstance(inside, Mapping):
                yield Node(here, inside)
            else:
                yield from _written_out(inside, here)


def _reached(content: Any, roots: Iterable[Node]) -> Iterator[Node]:
    waiting = list(roots)
    seen: set[Path] = set()
    while waiting:
        for each in nested(waiting.pop()):
            whole = dereferenced(content, each)
            if whole.path in seen:
                continue
            if whole.path != each.path:
                waiting.append(whole)
                continue
            seen.add(whole.path)
            yield each


def _places(file: str, text: str) -> Iterator[tuple[Path, Mark]]:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        waiting: list[tuple[Path, Any]] = [((), root)]
        while waiting:
            path, node = waiting.pop()
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    here = (*path, key.value)
                    yield here, Mark(file, key.start_mark.line + 1)
                    waiting.append((here, value))
            elif isinstance(node, yaml.SequenceNode):
                for index, value in enumerate(node.value):
                    yield (*path, index), Mark(file, value.start_mark.line + 1)
                    waiting.append(((*path, index), value))
    finally:
        loader.dispose()
