"""House rules on schemas and their members: class, description, amounts, moments, bounds. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.governance.rules.contract import Contract, members
from tillway.governance.rules.rule import Found, Subject, contract_rule, rule
from tillway.governance.rules.walking import Node, dereferenced, step
from tillway.masking import DATA_CLASSES

_SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_AMOUNT: Final = re.compile(
    r"(^|_)(amount|price|total|subtotal|net|gross|tax|balance|cost|fee|discount|deposit|quantity|available)s?\Z"
)
_MOMENT: Final = re.compile(r"(_at|_on|_until|(^|_)(date|datetime|timestamp|birthday))\Z")
_CLOSED: Final = ("personal", "payment", "secret")


def kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types that a schema names."""
    found = schema.get("type", ())
    return frozenset((found,) if isinstance(found, str) else found)


@contract_rule(
    "data-class-missing",
    "error",
    sentence="Every member says its data class.",
    why="A member without one counts as secret: it is masked everywhere, and nobody receives it.",
    remedy=f"add x-data-class: {', '.join(DATA_CLASSES)}",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties: {tier: {x-data-class: null}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties:"
    " {tier: {x-data-class: internal}}}}}}}",
)
def data_class_missing(contract: Contract, _: Subject) -> Iterator[Found]:
    """Members have a class."""
    for name, member in contract.fields():
        given = member.value.get("x-data-class", dereferenced(contract.content, member).value.get("x-data-class"))
        if given not in DATA_CLASSES:
            told = "it has none" if given is None else f"{given!r} is none"
            yield Found(member.path, f"{name}: {told}")


@rule(
    "closed-field-on-open-api",
    "error",
    sentence="An interface answers nothing that is above its data class.",
    why="Grants, audit and review go by the interface: members above its class are exposed without anybody's grant.",
    remedy="raise `data_class` of the interface, or take the member out of its answers",
    breaks="apis: {miles: {data_class: internal, steward: null}}",
    keeps="apis: {miles: {data_class: personal}}",
)
def closed_field_on_open_api(subject: Subject) -> Iterator[Found]:
    """Landscape and documents agree on what is sensitive."""
    for (name, version), contract in subject.promised.items():
        api = subject.landscape.apis.get(name)
        if api is None:
            continue
        above = _CLOSED if api.data_class not in _CLOSED else _CLOSED[_CLOSED.index(api.data_class) + 1 :]
        found = [
            (field, member.value["x-data-class"])
            for field, member in members(contract.answered)
            if member.value.get("x-data-class") in above and not member.value.get("x-tillway-disclosed")
        ]
        if found:
            field, given = found[0]
            text = f"it is {api.data_class}, and v{version} answers {field}, which is {given}"
            yield Found(("apis", name, "data_class"), text + (f", and {len(found) - 1} more" if found[1:] else ""))


@contract_rule(
    "description-missing",
    "warning",
    sentence="Every schema, member and parameter has a description.",
    why="Available means on the shelf to one and promised to another; only a sentence says which.",
    remedy="add `description`",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties: {id: {description: null}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties:"
    " {id: {description: Our id of it.}}}}}}}",
)
def description_missing(contract: Contract, _: Subject) -> Iterator[Found]:
    """What a member means is said."""
    components = contract.content.get("components", {})
    named = [
        (name, Node(("components", kind, name), node))
        for kind in ("schemas", "parameters")
        for name, node in components.get(kind, {}).items()
        if isinstance(node, Mapping)
    ]
    used = {each.path: each for operation in contract.operations for each in operation.parameters}
    named += [(str(each.value.get("name")), each) for each in used.values() if each.path[0] == "paths"]
    for name, node in (*named, *contract.fields()):
        whole = dereferenced(contract.content, node)
        # What enums mean is asked by a rule of its own.
        if "enum" not in whole.value and not node.value.get("description") and not whole.value.get("description"):
            yield Found(node.path, f"{name} is not described")


@contract_rule(
    "enum-without-description",
    "warning",
    sentence="An enum says what its values mean.",
    why="`exception` and `failed` are two things to whoever wrote them, and one to everybody else.",
    remedy="add a `description` that tells the values apart",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Tier: {description: null}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Tier: {description: 'gold: from 1,000 points.'}}}}}",
)
def enum_without_description(contract: Contract, _: Subject) -> Iterator[Found]:
    """Values are explained where they stand, or by what holds them."""
    for schema in contract.schemas:
        if "enum" not in schema.value or schema.value.get("description"):
            continue
        holder = step(contract.content, schema.path[:-1])
        if not (isinstance(holder, Mapping) and holder.get("description") and schema.path[-1] in {"schema", "items"}):
            yield Found(schema.path, "its values are not explained")


@contract_rule(
    "amount-as-number",
    "error",
    sentence="Amounts and quantities are decimal strings, not numbers.",
    why="0.1 + 0.2 is not 0.3 in a float; takings that are off by a cent are looked for by hand.",
    remedy="type: string, format: decimal, with a pattern",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {AccountRequest: {properties: {deposit:"
    " {description: Points to begin with., type: number, x-data-class: internal}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {AccountRequest: {properties: {deposit:"
    " {description: Points to begin with., type: string, format: decimal, x-data-class: internal}}}}}}}",
)
def amount_as_number(contract: Contract, _: Subject) -> Iterator[Found]:
    """Money is exact."""
    for name, member in contract.fields():
        if _AMOUNT.search(name) and "number" in kinds(member.value):
            yield Found(member.path, f"{name} is a number")


@contract_rule(
    "moment-without-format",
    "warning",
    sentence="Days and moments have the format date or date-time.",
    why="Without it 03/04 is a day in March here and in April there, and nobody's zone is known.",
    remedy="add format: date-time (RFC 3339, with its zone) or format: date",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties: {opened_at: {format: null}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties:"
    " {opened_at: {format: date-time}}}}}}}",
)
def moment_without_format(contract: Contract, _: Subject) -> Iterator[Found]:
    """Time is unambiguous."""
    for name, member in contract.fields():
        named = kinds(member.value)
        if not _MOMENT.search(name):
            continue
        if named & {"integer", "number"}:
            yield Found(member.path, f"{name} is a number")
        elif "string" in named and member.value.get("format") not in {"date", "date-time"}:
            yield Found(member.path, f"{name} has no format")


@contract_rule(
    "request-open",
    "error",
    sentence="Objects of a request say whether further members are allowed.",
    why="A misspelled optional member is dropped without a word, and a member nobody knows of is carried on.",
    remedy="add additionalProperties: false, or the schema of further members",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {AccountRequest: {additionalProperties: null}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {AccountRequest: {additionalProperties: false}}}}}",
)
def request_open(contract: Contract, _: Subject) -> Iterator[Found]:
    """Requests are closed, or open on purpose."""
    stated = {"additionalProperties", "unevaluatedProperties"}
    for schema in contract.asked:
        if "properties" in schema.value and not stated & schema.value.keys() and "allOf" not in schema.path:
            yield Found(schema.path, "it does not say whether further members are allowed")


@contract_rule(
    "request-unbounded",
    "warning",
    sentence="Texts and lists of a request have a bound.",
    why="What has no bound is sent once without one, by mistake or on purpose, and takes the memory of everybody.",
    remedy="add maxLength or maxItems",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {AccountRequest: {properties:"
    " {member: {maxLength: null}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {AccountRequest: {properties:"
    " {member: {maxLength: 64}}}}}}}",
)
def request_unbounded(contract: Contract, _: Subject) -> Iterator[Found]:
    """Requests end."""
    bounded = {"maxLength", "enum", "const", "format", "pattern"}
    for schema in contract.asked:
        named = kinds(schema.value)
        if "string" in named and not bounded & schema.value.keys():
            yield Found(schema.path, "a text without maxLength")
        if "array" in named and "maxItems" not in schema.value:
            yield Found(schema.path, "a list without maxItems")


@contract_rule(
    "member-style",
    "warning",
    sentence="Members are lower case words parted by underscores.",
    why="One style in all interfaces; a client that maps names guesses right.",
    remedy="rename the member; what is published moves with the next major version",
    breaks="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties: {lastVisit: {description: When.,"
    " type: string, x-data-class: internal}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {schemas: {Account: {properties: {lastVisit: null}}}}}}",
)
def member_style(contract: Contract, _: Subject) -> Iterator[Found]:
    """Members look alike."""
    for name, member in contract.fields():
        if not _SNAKE.match(name):
            yield Found(member.path, f"{name!r} is not of lower case words parted by underscores")


RULES: Final = (
    data_class_missing,
    closed_field_on_open_api,
    description_missing,
    enum_without_description,
    amount_as_number,
    moment_without_format,
    request_open,
    request_unbounded,
    member_style,
)
