"""The operations of an OpenAPI document, by method and path, however the parameters in it are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tillway.contracts.compatibility.change import Unreadable
from tillway.contracts.compatibility.nodes import Node, Source

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")

# References from one place to the next before it is called a circle.
FOLLOWED_MAX: Final = 20

# Headers that OpenAPI says are described elsewhere.
_NOT_PARAMETERS: Final = frozenset({"accept", "content-type", "authorization"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One operation: where it stands, what is said around it, and its parameters by place and name."""

    node: Node
    item: Node
    path: str
    name: str
    parameters: Mapping[tuple[str, str], Node]


def child(node: Node, *path: str | int) -> Node | None:
    """What stands inside of a place, references followed; None when nothing does."""
    here = node
    for token in path:
        raw = here.raw
        if isinstance(raw, dict) and token in raw:
            inside = raw[str(token)]
        elif isinstance(raw, list) and isinstance(token, int) and token < len(raw):
            inside = raw[token]
        else:
            return None
        here = followed(_at(here, inside, token))
    return here


def followed(node: Node) -> Node:
    """Where the references of a place lead in the end."""
    for _ in range(FOLLOWED_MAX):
        if not isinstance(node.raw, dict) or "$ref" not in node.raw:
            return node
        target = node.source.target(node)
        if target is None:
            raise Unreadable(f"{node.raw['$ref']} stands outside of the document", remedy="bundle it into one")
        node = target
    raise Unreadable(f"{node.pointer}: references lead in a circle", remedy="correct them")


def children(node: Node | None, *path: str) -> Iterator[tuple[str, Node]]:
    """The named places inside of one, references followed."""
    found = node if node is None else child(node, *path)
    if found is None:
        return
    if not isinstance(found.raw, dict):
        raise Unreadable(f"{found.pointer} is not a mapping")
    for name, inside in found.raw.items():
        yield name, followed(_at(found, inside, name))


def _at(node: Node, raw: Any, token: str | int) -> Node:
    return node.sub(raw, token)


def operations(source: Source, section: str = "paths") -> Mapping[tuple[str, str], Found]:
    """Every operation by method and neutral path; webhooks are called by their name."""
    root = source.node(source.content, "")
    found: dict[tuple[str, str], Found] = {}
    for path, item in children(root, section):
        if not path.startswith("x-"):
            found.update(_of_item(path, item))
    return found


def _of_item(path: str, item: Node) -> Iterator[tuple[tuple[str, str], Found]]:
    if not isinstance(item.raw, dict):
        raise Unreadable(f"{item.pointer} is not a mapping")
    for method in METHODS:
        node = child(item, method)
        if node is None:
            continue
        if not isinstance(node.raw, dict):
            raise Unreadable(f"{node.pointer} is not an operation")
        name = node.raw.get("operationId")
        yield (
            (method, _PARAMETER.sub("{}", path)),
            Found(
                node=node,
                item=item,
                path=path,
                name=name if isinstance(name, str) else f"{method.upper()} {path}",
                parameters=_parameters(path, item, node),
            ),
        )


def of_callback(node: Node) -> Mapping[tuple[str, str], Found]:
    """The operations of one callback, by method and expression."""
    found: dict[tuple[str, str], Found] = {}
    for expression, item in children(node):
        if not expression.startswith("x-"):
            found.update(_of_item(expression, item))
    return found


def _parameters(path: str, *places: Node) -> Mapping[tuple[str, str], Node]:
    """By place and name; parameters of the path by their order in it, headers in small letters."""
    order = {name: str(index) for index, name in enumerate(_PARAMETER.findall(path))}
    found: dict[tuple[str, str], Node] = {}
    for place in places:
        listed = child(place, "parameters")
        if listed is None:
            continue
        if not isinstance(listed.raw, list):
            raise Unreadable(f"{listed.pointer} is not a list")
        for index in range(len(listed.raw)):
            node = child(listed, index)
            if node is None or not isinstance(node.raw, dict):
                raise Unreadable(f"{listed.pointer}/{index} is not a parameter")
            where, name = str(node.raw.get("in")), str(node.raw.get("name"))
            if where == "header":
                name = name.lower()
                if name in _NOT_PARAMETERS:
                    continue
            found[where, order.get(name, name) if where == "path" else name] = node
    return found
