"""Discriminators of OpenAPI: which value names which variant. They check nothing, but readers branch by them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tillway.contracts.compatibility.change import Direction
from tillway.contracts.compatibility.nodes import Node, Term, branches
from tillway.contracts.compatibility.notes import Note

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning


def discriminators(known: Reasoning, old: Term, new: Term, direction: Direction) -> Iterator[Note]:
    """How the discriminators of two schemas differ."""
    before, after = _found(old), _found(new)
    if before is None and after is None:
        return
    if before is None:
        yield Note("discriminator-added", "additive", "variants are told apart by a member now")
    elif after is None or before.raw["discriminator"].get("propertyName") != after.raw["discriminator"].get(
        "propertyName"
    ):
        yield Note("discriminator-changed", "breaking", "variants are told apart by another member, or by none")
    else:
        yield from _mapped(known, before, after, direction)


def _mapped(known: Reasoning, old: Node, new: Node, direction: Direction) -> Iterator[Note]:
    before, after = _mapping(old), _mapping(new)
    for name in sorted(before.keys() - after.keys()):
        yield Note("discriminator-value-gone", "breaking", f"no variant is called {name} any more")
    for name in sorted(after.keys() - before.keys()):
        yield Note("discriminator-value-added", "additive", f"a variant is called {name} now")
    for name in sorted(before.keys() & after.keys()):
        inner, outer = (before[name], after[name]) if direction == "request" else (after[name], before[name])
        if inner is None or outer is None:
            continue
        with known.newcomers(direction == "request"):
            stays = known.inside((inner,), (outer,))
        if not stays:
            yield Note("discriminator-value-moved", "breaking", f"{name} calls another variant, or one that changed")


def _found(term: Term) -> Node | None:
    for node in term:
        seen: list[Node] = []
        here: Node | None = node
        while here is not None and here not in seen and isinstance(here.raw, dict):
            if isinstance(here.raw.get("discriminator"), dict):
                return here
            seen.append(here)
            here = here.source.target(here) if "$ref" in here.raw else None
    return None


def _mapping(node: Node) -> Mapping[str, Node | None]:
    """Value to variant: as it is written, or by the names of the components."""
    given: Any = node.raw["discriminator"].get("mapping")
    found: dict[str, Node | None] = {}
    for word in ("oneOf", "anyOf"):
        for branch in branches(node, word):
            reference = branch.raw.get("$ref") if isinstance(branch.raw, dict) else None
            if isinstance(reference, str):
                found[reference.rpartition("/")[2]] = branch.source.target(branch)
    if not isinstance(given, dict):
        return found
    return {str(name): _named(node, str(where), found) for name, where in given.items()}


def _named(node: Node, where: str, found: Mapping[str, Node | None]) -> Node | None:
    if where in found:
        return found[where]
    place = node.source.find(where) if where.startswith("#") else None
    return None if place is None else node.source.node(*place)
