"""House rules on how an OpenAPI document is made, as Spectral's recommended ruleset has them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.governance.rules.contract import Contract
from tillway.governance.rules.rule import Found, Path, Subject, contract_rule, rule
from tillway.governance.rules.walking import step

_MARKUP: Final = re.compile(r"<script|\beval\(", re.IGNORECASE)
_TYPES: Final[Mapping[str, Any]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": Mapping,
    "array": list,
    "null": type(None),
}


@rule(
    "openapi-valid",
    "error",
    sentence="A document is valid OpenAPI 3.1, bundled, and its references lead somewhere.",
    why="What tools cannot read they skip or guess; nothing else is checked of such a document.",
    remedy="correct the place named; every reference begins with #/",
    breaks="contracts: {miles.v1.yaml: {info: {title: null}}}",
    keeps="contracts: {miles.v1.yaml: {info: {title: Miles}}}",
)
def openapi_valid(subject: Subject) -> Iterator[Found]:
    """Documents can be read."""
    for contract in subject.contracts:
        for fault in contract.faults:
            yield Found((*contract.path, *fault.path), fault.text)


@contract_rule(
    "info-contact",
    "warning",
    sentence="A document names whom to ask.",
    why="Whoever builds against it has questions that the landscape's owner does not see.",
    remedy="add info.contact: a name with an e-mail address or a URL",
    breaks="contracts: {miles.v1.yaml: {info: {contact: null}}}",
    keeps="contracts: {miles.v1.yaml: {info: {contact: {name: Miles, email: miles@nordwind.example}}}}",
)
def info_contact(contract: Contract, _: Subject) -> Iterator[Found]:
    """There is somebody to ask."""
    if not contract.content["info"].get("contact"):
        yield Found(("info",), "it names nobody to ask")


@contract_rule(
    "info-description",
    "warning",
    sentence="A document says what it is for, in a summary and a description.",
    why="The catalogue shows both; without them people choose by the name alone.",
    remedy="add info.summary and info.description",
    breaks="contracts: {miles.v1.yaml: {info: {description: null}}}",
    keeps="contracts: {miles.v1.yaml: {info: {description: Points of members.}}}",
)
def info_description(contract: Contract, _: Subject) -> Iterator[Found]:
    """The document is described."""
    for field in ("summary", "description"):
        if not contract.content["info"].get(field):
            yield Found(("info",), f"it has no {field}")


@contract_rule(
    "operation-tags",
    "warning",
    sentence="Every operation has a tag that the document declares, once.",
    why="Tags group operations in the catalogue and in generated clients; a typo makes a group of its own.",
    remedy="add `tags` to the operation, and the tag with a description to the document's `tags`",
    breaks="contracts: {miles.v1.yaml: {tags: null}}",
    keeps="contracts: {miles.v1.yaml: {tags: [{name: accounts, description: Accounts of members.}]}}",
)
def operation_tags(contract: Contract, _: Subject) -> Iterator[Found]:
    """Tags are given and declared."""
    names = [each.get("name") for each in contract.content.get("tags", ())]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Found(("tags", index), f"the tag {name!r} stands twice")
    for operation in contract.operations:
        given = operation.node.get("tags", ())
        if not given:
            yield Found(operation.path, f"{operation.id} has no tag")
        for index, name in enumerate(given):
            if name not in names:
                yield Found((*operation.path, "tags", index), f"the tag {name!r} is not declared")


@contract_rule(
    "operation-description",
    "warning",
    sentence="Every operation has a summary and a description.",
    why="What an operation does to the business cannot be guessed from its name.",
    remedy="add `summary` and `description`",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {description: null}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {description: A page of accounts.}}}}}",
)
def operation_description(contract: Contract, _: Subject) -> Iterator[Found]:
    """Operations are described."""
    for operation in contract.operations:
        for field in ("summary", "description"):
            if not operation.node.get(field):
                yield Found(operation.path, f"{operation.id} has no {field}")


@contract_rule(
    "component-unused",
    "warning",
    sentence="Every component is used.",
    why="What is left over is believed, copied and kept alive by whoever reads the document.",
    remedy="take it out",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Leftover: {type: object, description: Old.}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Leftover: null}}}}",
)
def component_unused(contract: Contract, _: Subject) -> Iterator[Found]:
    """Nothing is left over."""
    used = set(_references(contract.content))
    for kind, components in contract.content.get("components", {}).items():
        for name in components if kind != "securitySchemes" and isinstance(components, Mapping) else ():
            if f"#/components/{kind}/{name}" not in used:
                yield Found(("components", kind, name), "nothing refers to it")


def _references(content: Any) -> Iterator[str]:
    waiting = [content]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            if isinstance(node.get("$ref"), str):
                yield "/".join(node["$ref"].split("/")[:4])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


@contract_rule(
    "enum-typed",
    "error",
    sentence="The values of an enum are of its type, each once.",
    why="A value of another type can never be sent; one that stands twice is a typo of a third.",
    remedy="correct the value, or put it in quotes",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Tier: {enum: [basic, gold, gold]}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Tier: {enum: [basic, gold]}}}}}",
)
def enum_typed(contract: Contract, _: Subject) -> Iterator[Found]:
    """Enums can be kept."""
    for schema in contract.schemas:
        values = schema.value.get("enum")
        if values is None:
            continue
        told = [json.dumps(value, sort_keys=True, default=str) for value in values]
        for index, value in enumerate(values):
            here: Path = (*schema.path, "enum", index)
            if told[index] in told[:index]:
                yield Found(here, f"{told[index]} stands twice")
            if not _of(value, schema.value.get("type")):
                yield Found(here, f"{told[index]} is not of the type {schema.value['type']}")


def _of(value: Any, kinds: Any) -> bool:
    """Whether a value is of one of these types; without any it is."""
    named = [kinds] if isinstance(kinds, str) else kinds or ()
    if isinstance(value, bool):
        return not named or "boolean" in named
    return not named or any(isinstance(value, _TYPES[kind]) for kind in named if kind in _TYPES)


@contract_rule(
    "array-items",
    "error",
    sentence="An array says what its elements are.",
    why="Without items anything may stand inside: nothing is checked, classified or masked.",
    remedy="add `items`",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {AccountPage: {properties: {items: {items: null}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {AccountPage: {properties:"
    " {items: {items: {$ref: '#/components/schemas/Account'}}}}}}}}",
)
def array_items(contract: Contract, _: Subject) -> Iterator[Found]:
    """Elements are known."""
    for schema in contract.schemas:
        if "array" in _kinds(schema.value) and not {"items", "prefixItems"} & schema.value.keys():
            yield Found(schema.path, "nothing is said of its elements")


def _kinds(schema: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


@contract_rule(
    "markup-in-text",
    "error",
    sentence="No text of a document holds scripts.",
    why="The catalogue and other tools show these texts in browsers.",
    remedy="take it out",
    breaks="contracts: {miles.v1.yaml: {info: {description: 'Points. <script>go()</script>'}}}",
    keeps="contracts: {miles.v1.yaml: {info: {description: Points.}}}",
)
def markup_in_text(contract: Contract, _: Subject) -> Iterator[Found]:
    """Texts are texts."""
    waiting: list[tuple[Path, Any]] = [((), contract.content)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, Mapping):
            waiting += [((*path, key), inside) for key, inside in node.items()]
        elif isinstance(node, list):
            waiting += [((*path, index), inside) for index, inside in enumerate(node)]
        elif isinstance(node, str) and path[-1] in {"description", "title", "summary"} and _MARKUP.search(node):
            yield Found(path, "it holds a script")


@contract_rule(
    "examples-one-way",
    "error",
    sentence="An example is given once: inline, or under `examples` with value or externalValue.",
    why="With both, tools show and test different ones.",
    remedy="keep one of the two",
    breaks="contracts: {miles.v1.yaml: {components: {parameters: {Limit:"
    " {example: 5, examples: {five: {value: 5}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {parameters: {Limit: {example: 5}}}}}",
)
def examples_one_way(contract: Contract, _: Subject) -> Iterator[Found]:
    """Parameters and bodies have one kind of example."""
    content = contract.content
    places: list[Path] = [
        ("components", "parameters", name) for name in step(content, ("components", "parameters")) or ()
    ]
    places += [node.path for operation in contract.operations for node in operation.parameters]
    for path in dict.fromkeys(places):
        node = step(content, path)
        if "example" in node and "examples" in node:
            yield Found(path, "it has both example and examples")


RULES: Final = (
    openapi_valid,
    info_contact,
    info_description,
    operation_tags,
    operation_description,
    component_unused,
    enum_typed,
    array_items,
    markup_in_text,
    examples_one_way,
)
