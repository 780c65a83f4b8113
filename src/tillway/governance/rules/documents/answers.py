"""House rules on what operations answer: pages, problems, refusals, examples. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.governance.rules.contract import Contract, Operation, json_schemas, media
from tillway.governance.rules.rule import Found, Path, Subject, contract_rule
from tillway.governance.rules.walking import Node

PROBLEM: Final = "application/problem+json"

# How a page is asked for after the one before, and how many it may hold.
CURSORS: Final = frozenset({"after", "cursor", "page_token"})
LIMITS: Final = frozenset({"limit", "page_size"})

_LISTING: Final = ("list", "search", "find")


@contract_rule(
    "list-not-paginated",
    "error",
    sentence="What lists things answers a page: `limit` and `after` in the query, `next` in the answer.",
    why="A list grows until one answer takes all the memory, or until it is cut off without a word.",
    remedy="take `limit` and `after`, and answer an object with the elements and `next`",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get:"
    " {parameters: [{$ref: '#/components/parameters/Limit'}]}}}, components: {parameters: {After: null}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'}, {$ref: '#/components/parameters/After'}]}}}}}",
)
def list_not_paginated(contract: Contract, _: Subject) -> Iterator[Found]:
    """Lists come in pages."""
    for operation in contract.operations:
        if operation.method != "get":
            continue
        schemas = list(json_schemas(contract.content, (node for _, node in operation.answers())))
        if any(each.value.get("type") == "array" for each in schemas):
            yield Found(operation.path, f"{operation.id} answers a bare list, which cannot say where it goes on")
        elif operation.id.startswith(_LISTING):
            yield from _page(operation, schemas)


def _page(operation: Operation, schemas: list[Node]) -> Iterator[Found]:
    asked = {each.value.get("name") for each in operation.parameters if each.value.get("in") == "query"}
    if not asked & LIMITS:
        yield Found(operation.path, f"{operation.id} takes no limit")
    if not asked & CURSORS:
        yield Found(operation.path, f"{operation.id} takes no cursor, e.g. after")
    if schemas and not any("next" in _members(each.value) for each in schemas):
        yield Found(operation.path, f"{operation.id} does not answer where it goes on (next)")


def _members(schema: Mapping[str, Any]) -> set[str]:
    inside = [schema, *(each for each in schema.get("allOf", ()) if isinstance(each, Mapping))]
    return {name for each in inside for name in each.get("properties", {})}


@contract_rule(
    "success-missing",
    "error",
    sentence="Every operation says what it answers when all is well.",
    why="Without it nothing is checked of the answer, and clients have no type for it.",
    remedy="add a 2XX or 3XX response",
    breaks="contracts: {miles.v1.yaml: {paths: {'/accounts/{account}': {get: {responses: {'200': null}}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {'/accounts/{account}': {get: {responses: {'200':"
    " {description: The account.}}}}}}}",
)
def success_missing(contract: Contract, _: Subject) -> Iterator[Found]:
    """Something can go well."""
    for operation in contract.operations:
        if not any(True for _ in operation.answers()):
            yield Found((*operation.path, "responses"), f"{operation.id} can only fail")


@contract_rule(
    "problem-documents",
    "error",
    sentence=f"Refusals are {PROBLEM} (RFC 9457).",
    why="One form of error is handled once; each API's own form is handled nowhere.",
    remedy=f"give the response content of the type {PROBLEM}",
    breaks="contracts: {miles.v1.yaml: {components: {responses: {NotFound: {content:"
    " {application/problem+json: null, text/plain: {}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {responses: {NotFound: {content:"
    " {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}}}}}",
)
def problem_documents(contract: Contract, _: Subject) -> Iterator[Found]:
    """Refusals have one form."""
    told: set[Path] = set()
    for operation in contract.operations:
        for status, node in operation.refusals():
            kinds = [name for name, _ in media(node)]
            if kinds != [PROBLEM] and node.path not in told:
                told.add(node.path)
                yield Found(node.path, f"{status} is {', '.join(kinds) or 'without content'}")


@contract_rule(
    "refusals-documented",
    "warning",
    sentence="An operation documents the refusals its callers will meet: 401, 403, 404, 422, 429 where they apply.",
    why="What is not documented is not handled: the first 429 on a Saturday becomes an outage of the caller.",
    remedy="add the responses; 4XX or default stands for all",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {responses: {'403': null}}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {responses: {'403':"
    " {$ref: '#/components/responses/Forbidden'}}}}}}}",
)
def refusals_documented(contract: Contract, _: Subject) -> Iterator[Found]:
    """Callers know what may come."""
    for operation in contract.operations:
        given = operation.responses.keys()
        if {"4XX", "default"} & given:
            continue
        asked = any(each.value.get("in") == "query" for each in operation.parameters)
        wanted = {"429"} | (set() if operation.public else {"401", "403"})
        wanted |= {"404"} if operation.route.endswith("}") and operation.method == "get" else set()
        wanted |= {"422"} if (operation.body is not None or asked) and "400" not in given else set()
        for status in sorted(wanted - given):
            yield Found((*operation.path, "responses"), f"{operation.id} does not say what {status} is")


@contract_rule(
    "retry-after-missing",
    "warning",
    sentence="429 and 503 tell when to come again.",
    why="Without Retry-After everybody comes back at once, and the same moment again.",
    remedy="add the header Retry-After to the response",
    breaks="contracts: {miles.v1.yaml: {components: {responses: {TooMany: {headers: null}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {responses: {TooMany: {headers: {Retry-After:"
    " {description: Seconds., schema: {type: integer}}}}}}}}",
)
def retry_after_missing(contract: Contract, _: Subject) -> Iterator[Found]:
    """Whoever is sent away knows for how long."""
    told: set[Path] = set()
    for operation in contract.operations:
        for status, node in operation.refusals():
            headers = {name.lower() for name in node.value.get("headers", {})}
            if status in {"429", "503"} and "retry-after" not in headers and node.path not in told:
                told.add(node.path)
                yield Found(node.path, f"{status} does not say when to come again")


@contract_rule(
    "created-without-location",
    "warning",
    sentence="201 tells where what was created is found.",
    why="Clients that build the address themselves break when it changes.",
    remedy="add the header Location to the response",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {responses: {'201': {headers: null}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {responses: {'201': {headers: {Location:"
    " {description: Where it is., schema: {type: string}}}}}}}}}}",
)
def created_without_location(contract: Contract, _: Subject) -> Iterator[Found]:
    """What was created can be found."""
    for operation in contract.operations:
        found = operation.responses.get("201")
        headers = {name.lower() for name in found.value.get("headers", {})} if found is not None else {"location"}
        if "location" not in headers and not operation.node.get("x-tillway-fact"):
            yield Found((*operation.path, "responses", "201"), f"{operation.id} does not say where it is found")


@contract_rule(
    "example-missing",
    "warning",
    sentence="Every JSON body has an example.",
    why="People build against the example first; without one they build against a guess.",
    remedy="add `example` to the media type: minimal, and such that it works",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {requestBody: {content:"
    " {application/json: {example: null}}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {requestBody: {content:"
    " {application/json: {example: {member: '20417'}}}}}}}}}",
)
def example_missing(contract: Contract, _: Subject) -> Iterator[Found]:
    """Bodies are shown."""
    for kind, body in _bodies(contract):
        if "json" in kind and not {"example", "examples"} & body.value.keys():
            yield Found(body.path, "it has no example")


@contract_rule(
    "example-invalid",
    "error",
    sentence="Examples keep the schema they stand by.",
    why="A wrong example is copied into every client.",
    remedy="correct the example, or the schema",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {requestBody: {content:"
    " {application/json: {example: {member: 20417}}}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {requestBody: {content:"
    " {application/json: {example: {member: '20417'}}}}}}}}}",
)
def example_invalid(contract: Contract, _: Subject) -> Iterator[Found]:
    """Examples are true."""
    parameters = {each.path: each for operation in contract.operations for each in operation.parameters}
    for node in (*(body for _, body in _bodies(contract)), *parameters.values()):
        given: list[tuple[Path, Any]] = [(("example",), node.value["example"])] if "example" in node.value else []
        for name, each in node.value.get("examples", {}).items():
            given += [(("examples", name, "value"), each["value"])] if "value" in each else []
        if not given or "schema" not in node.value:
            continue
        for path, value in given:
            fault = contract.values.fault((*node.path, "schema"), value)
            if fault:
                yield Found((*node.path, *path), fault)


def _bodies(contract: Contract) -> Iterator[tuple[str, Node]]:
    """Media types of requests and good answers, each once."""
    seen: set[Path] = set()
    for operation in contract.operations:
        nodes = [] if operation.body is None else [operation.body]
        for node in (*nodes, *(answer for _, answer in operation.answers())):
            for kind, body in media(node):
                if body.path not in seen:
                    seen.add(body.path)
                    yield kind, body


RULES: Final = (
    list_not_paginated,
    success_missing,
    problem_documents,
    refusals_documented,
    retry_after_missing,
    created_without_location,
    example_missing,
    example_invalid,
)
