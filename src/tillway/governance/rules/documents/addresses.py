"""House rules on the addresses of operations: server, paths, what stands in a URL. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tillway.governance.rules.contract import Contract
from tillway.governance.rules.rule import Found, Subject, contract_rule
from tillway.governance.rules.walking import Node, dereferenced

_PARAMETER: Final = re.compile(r"\{([^{}/]*)\}")
_SEGMENT: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_PLURALS: Final = ("s", "people", "children")
_SECRET: Final = re.compile(
    r"(^|[_-])(token|secret|password|passwd|api[_-]?key|access[_-]?key|signature)($|[_-])", re.IGNORECASE
)
_PERSON: Final = re.compile(
    r"(^|[_-])(e?mail|phone|mobile|iban|ssn|birth(day|date)?|surname|lastname|last[_-]name)s?$", re.IGNORECASE
)
_CLOSED: Final = frozenset({"personal", "payment", "secret"})


@contract_rule(
    "version-in-path",
    "error",
    sentence="A document has one server, its interface and major version: /<api>/v<n>.",
    why="The version in the path is what lets two majors answer side by side while consumers move.",
    remedy="name the file <api>.v<n>.yaml and its one server /<api>/v<n>",
    breaks="contracts: {miles.v1.yaml: {servers: [{url: /miles}]}}",
    keeps="contracts: {miles.v1.yaml: {servers: [{url: /miles/v1}]}}",
)
def version_in_path(contract: Contract, _: Subject) -> Iterator[Found]:
    """The one server says interface and version."""
    urls = [each.get("url") for each in contract.content.get("servers", ())]
    if not contract.version:
        yield Found((), "its file is not named <api>.v<n>.yaml")
    elif urls != [f"/{contract.api}/v{contract.version}"]:
        yield Found(("servers",), f"its servers are {urls}, not /{contract.api}/v{contract.version}")


@contract_rule(
    "path-style",
    "warning",
    sentence="Paths are lower case words parted by dashes, with a plural before an id.",
    why="One style is guessed right; three styles are looked up each time.",
    remedy="rename the segment, e.g. /gift-cards/{card}; what is published moves with the next major version",
    breaks="contracts: {miles.v1.yaml: {paths: {/giftCards: {description: Later.}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/gift-cards: {description: Later.}}}}",
)
def path_style(contract: Contract, _: Subject) -> Iterator[Found]:
    """Paths look alike."""
    for route in contract.content.get("paths", {}):
        segments = route.strip("/").split("/")
        for index, segment in enumerate(segments):
            if "{" in segment:
                continue
            followed = index + 1 < len(segments) and "{" in segments[index + 1]
            if not _SEGMENT.match(segment):
                yield Found(("paths", route), f"{segment!r} is not of lower case words parted by dashes")
            elif followed and not segment.endswith(_PLURALS):
                yield Found(("paths", route), f"{segment!r} stands before an id and is not plural")


@contract_rule(
    "path-form",
    "error",
    sentence="A path has no trailing slash, no query and no twin.",
    why="Clients and proxies treat these differently, so what is checked is not what is called.",
    remedy="take the slash or the query out; merge paths that differ in the name of a parameter only",
    breaks="contracts: {miles.v1.yaml: {paths: {'/accounts/': {description: Empty.}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {'/accounts/': null}}}",
)
def path_form(contract: Contract, _: Subject) -> Iterator[Found]:
    """Paths can be told apart."""
    seen: dict[str, str] = {}
    for route in contract.content.get("paths", {}):
        here = ("paths", route)
        if route != "/" and route.endswith("/"):
            yield Found(here, "it ends with a slash")
        if "?" in route:
            yield Found(here, "it holds a query")
        twin = seen.setdefault(_PARAMETER.sub("{}", route), route)
        if twin != route:
            yield Found(here, f"it cannot be told from {twin}")


@contract_rule(
    "path-params",
    "error",
    sentence="Every parameter in a path is declared, required, and stands there; none is declared twice.",
    why="An undeclared parameter is not checked at all, and what is not in the path never arrives.",
    remedy="declare it with `in: path` and `required: true`, or take it out",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'},"
    " {$ref: '#/components/parameters/After'},"
    " {$ref: '#/components/parameters/AccountId'}]}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'},"
    " {$ref: '#/components/parameters/After'}]}}}}}",
)
def path_params(contract: Contract, _: Subject) -> Iterator[Found]:
    """Path and parameters agree."""
    for operation in contract.operations:
        named = set(_PARAMETER.findall(operation.route))
        pairs = [(each.value.get("in"), each.value.get("name")) for each in operation.parameters]
        declared = {name for where, name in pairs if where == "path"}
        for name in sorted(named - declared):
            yield Found(operation.path, f"{operation.id} does not declare {{{name}}}")
        for name in sorted(str(each) for each in declared - named):
            yield Found(operation.path, f"{operation.id} declares {name!r}, which is not in its path")
        for pair in sorted({pair for pair in pairs if pairs.count(pair) > 1}, key=str):
            yield Found(operation.path, f"{operation.id} declares {pair[1]!r} twice")


def _parameters(contract: Contract) -> Iterator[Node]:
    """Every parameter that an operation takes, each once."""
    seen = set()
    for operation in contract.operations:
        for parameter in operation.parameters:
            if parameter.path not in seen:
                seen.add(parameter.path)
                yield parameter


def _schema(contract: Contract, parameter: Node) -> Node:
    return dereferenced(contract.content, Node((*parameter.path, "schema"), parameter.value.get("schema", {})))


@contract_rule(
    "credential-in-url",
    "error",
    sentence="No secret travels in a path or a query.",
    why="URLs stand in logs, histories, proxies and referrers of everybody on the way.",
    remedy="take it in a header or in the body",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'},"
    " {$ref: '#/components/parameters/After'},"
    " {name: api_key, in: query, description: Which., schema: {type: string, maxLength: 64}}]}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'},"
    " {$ref: '#/components/parameters/After'},"
    " {name: tier, in: query, description: Which., schema: {type: string, maxLength: 64}}]}}}}}",
)
def credential_in_url(contract: Contract, _: Subject) -> Iterator[Found]:
    """URLs hold no secret."""
    for each in _parameters(contract):
        if each.value.get("in") in {"path", "query"} and _SECRET.search(each.value.get("name", "")):
            yield Found(each.path, f"{each.value['name']!r} travels in the URL")


@contract_rule(
    "personal-in-url",
    "error",
    sentence="Nothing personal travels in a path or a query.",
    why="A URL is logged where nobody erases: e-mail addresses in it outlive every request for erasure.",
    remedy="use an id of ours, or take it in the body of a POST that reads",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'},"
    " {$ref: '#/components/parameters/After'},"
    " {name: email, in: query, description: Which., schema: {type: string, maxLength: 64}}]}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {parameters:"
    " [{$ref: '#/components/parameters/Limit'},"
    " {$ref: '#/components/parameters/After'},"
    " {name: tier, in: query, description: Which., schema: {type: string, maxLength: 64}}]}}}}}",
)
def personal_in_url(contract: Contract, _: Subject) -> Iterator[Found]:
    """URLs name nobody."""
    for each in _parameters(contract):
        if each.value.get("in") not in {"path", "query"}:
            continue
        given = each.value.get("x-data-class", _schema(contract, each).value.get("x-data-class"))
        if given in _CLOSED or _PERSON.search(each.value.get("name", "")):
            yield Found(each.path, f"{each.value.get('name')!r} is {given or 'personal'} and travels in the URL")


@contract_rule(
    "id-countable",
    "warning",
    sentence="Ids in paths are not plain numbers.",
    why="Whoever sees 1041 tries 1042; one forgotten check of rights, and all records can be read in a row.",
    remedy="use a random id or a business key: type string",
    breaks="contracts: {miles.v1.yaml: {components: {parameters: {AccountId: {schema:"
    " {type: integer, maxLength: null, pattern: null}, example: 7}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {parameters: {AccountId: {schema: {type: string}}}}}}",
)
def id_countable(contract: Contract, _: Subject) -> Iterator[Found]:
    """Ids cannot be guessed."""
    for each in _parameters(contract):
        if each.value.get("in") == "path" and _schema(contract, each).value.get("type") in {"integer", "number"}:
            yield Found(each.path, f"{each.value.get('name')!r} can be counted up")


RULES: Final = (
    version_in_path,
    path_style,
    path_form,
    path_params,
    credential_in_url,
    personal_in_url,
    id_countable,
)
