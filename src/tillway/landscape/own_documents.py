"""The retailer's own promises: OpenAPI documents of their interfaces and JSON Schemas of their events. Pure.

They stand in the landscape's directory: `contracts/<api>.v<n>.yaml` and `contracts/events/<type>.v<n>.json`. A document
is held against `shipped/document.yaml`, then compiled just as those that ship with Tillway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final

import yaml

from tillway import contracts
from tillway.contracts import Documents, OperationChecks, checker
from tillway.errors import Misconfigured
from tillway.landscape.document import parse
from tillway.landscape.problem import Mark, Path, Problem
from tillway.landscape.shipped import document_schema
from tillway.masking import DATA_CLASSES

FOLDER: Final = "contracts"
"""Where a landscape's own documents lie: `contracts/*.yaml`, and schemas of events in `contracts/events/*.json`."""

EVENTS: Final = "events"

# Documents kept compiled: those in force and those on trial of a landscape of 200 interfaces.
_KEPT: Final = 1_024
# A reference that leads through more references than this leads in a circle.
_HOPS_MAX: Final = 16
# Findings told of one document; the others show when these are mended.
_FINDINGS_MAX: Final = 20

_DOCUMENT: Final = re.compile(rf"{FOLDER}/([a-z][a-z0-9-]{{0,62}})\.v([1-9][0-9]{{0,3}})\.yaml\Z")
_SCHEMA: Final = re.compile(
    rf"{FOLDER}/{EVENTS}/([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_-]*)+)\.v([1-9][0-9]{{0,3}})\.json\Z"
)
_IN_PATH: Final = re.compile(r"\{([^{}]*)\}")
# Names under which the hub itself answers.
_TAKEN: Final = frozenset({"catalog", "console", "health", "hooks", "metrics", "oauth2", "problems"})
# What a caller proves itself by, and what belongs to one connection: never handed on.
HEADERS_OF_OURS: Final = frozenset(
    {"authorization", "cookie", "connection", "content-length", "content-type", "dpop", "expect", "host", "keep-alive"}
    | {"proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
)
_KINDS: Final = ("string", "integer", "number", "boolean", "array")
_NAMED: Final = "name it <api>.v<number>.yaml, or events/<type>.v<number>.json for the schema of an event"


@dataclass(frozen=True, slots=True)
class Own:
    """The retailer's own documents compiled, as far as they are sound, and what is wrong with the others."""

    documents: Documents
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    document: contracts.Document | None
    problems: tuple[Problem, ...]


def promised(texts: Mapping[str, str]) -> Own:
    """The documents and schemas in these files, by their names."""
    apis: dict[tuple[str, int], contracts.Document] = {}
    events: dict[tuple[str, int], Mapping[str, Any]] = {}
    problems: list[Problem] = []
    for file in sorted(texts):
        here, event = _DOCUMENT.match(file), _SCHEMA.match(file)
        if here is not None:
            made = _document(file, texts[file])
            problems += made.problems
            if made.document is not None:
                apis[here[1], int(here[2])] = made.document
        elif event is not None:
            schema = _schema(file, texts[file], problems)
            if schema is not None:
                events[event[1], int(event[2])] = schema
        else:
            problems.append(_at(file, "this name says not what it holds", _NAMED))
    problems += _twice(apis.values())
    problems += [_taken(file) for file in texts if _is_taken(file)]
    return Own(Documents(apis, events), tuple(problems))


def file_of(api: str, version: int) -> str:
    """The file that the document of a version of an interface stands in."""
    return f"{FOLDER}/{api}.v{version}.yaml"


def schema_file_of(event_type: str, version: int) -> str:
    """The file that the schema of a version of an event type stands in."""
    return f"{FOLDER}/{EVENTS}/{event_type}.v{version}.json"


@lru_cache(maxsize=_KEPT)
def _document(file: str, text: str) -> _Compiled:
    found = _DOCUMENT.match(file)
    if found is None:
        raise ValueError(file)
    lines = parse({file: text})
    if lines.problems:
        return _Compiled(None, tuple(lines.problems))
    content = _plain(lines.data)
    wrong = list(islice(_wrong(found[1], int(found[2]), content), _FINDINGS_MAX))
    for path, told, remedy in wrong:
        lines.finding(path, told, remedy, lines.mark(path) or Mark(file, 1))
    if lines.problems:
        return _Compiled(None, tuple(lines.problems))
    try:
        compiled = contracts.compile_document(found[1], int(found[2]), content)
        for operation in compiled.operations:
            # Validators refuse schemas that are none; they are made again, once, by the doors.
            checks = OperationChecks(compiled, operation)
            checks.compile_responses()
    except (Misconfigured, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        told = error.detail if isinstance(error, Misconfigured) else str(error)[:300]
        return _Compiled(None, (_at(file, f"cannot be compiled: {told}", "see docs/landscape.md"),))
    return _Compiled(compiled, ())


_Wrong = tuple[Path, str, str]


def _wrong(api: str, version: int, content: Mapping[str, Any]) -> Iterator[_Wrong]:
    """What keeps a document from being served. Stops after each group: what follows leans on it."""
    shape = [(_path(content, each.pointer), each.detail, "see docs/landscape.md") for each in _shape()(content)]
    if shape:
        yield from shape
        return
    lost = list(_references(content))
    if lost:
        yield from lost
        return
    base = f"/{api}/v{version}"
    if content["servers"][0]["url"] != base:
        yield ("servers", 0, "url"), f"is not {base}", "the file's name and its server say the same"
    for path, item in content["paths"].items():
        for method in contracts.METHODS:
            if method in item:
                yield from _operation(content, ("paths", path, method), api)


def _operation(content: Mapping[str, Any], here: Path, api: str) -> Iterator[_Wrong]:
    _, path, method = here
    item = content["paths"][path]
    node = item[method]
    scopes = (f"{api}:read", f"{api}:write")
    if node["x-tillway-scope"] not in scopes:
        yield (*here, "x-tillway-scope"), "is no scope of this interface", f"say {scopes[0]} or {scopes[1]}"
    if method == "get" and "requestBody" in node:
        yield (*here, "requestBody"), "reading takes no body", "use parameters"
    if not any(status.startswith("2") for status in node["responses"]):
        yield (*here, "responses"), "promises no success", "add an answer of 2XX"
    named = set()
    for place, owner in ((("paths", path), item), (here, node)):
        for index, each in enumerate(owner.get("parameters", ())):
            told = _followed(content, each)
            named.add((told["in"], told["name"]))
            yield from _parameter(content, (*place, "parameters", index), told)
    wanted = set(_IN_PATH.findall(str(path)))
    for name in sorted(wanted ^ {name for where, name in named if where == "path"}):
        yield here, f"the path and its parameters differ in {name!r}", "declare each {name} of the path, and no other"


def _parameter(content: Mapping[str, Any], here: Path, told: Mapping[str, Any]) -> Iterator[_Wrong]:
    kind = _followed(content, told["schema"]).get("type")
    if kind not in _KINDS:
        yield here, "the kind of its value is not said", f"give its schema a type: {', '.join(_KINDS)}"
    if told["in"] == "header" and told["name"].lower() in HEADERS_OF_OURS:
        yield here, f"the header {told['name']} is not handed on", "leave it out"


def _references(content: Mapping[str, Any]) -> Iterator[_Wrong]:
    """References that lead nowhere or in circles, and classes that do not exist."""
    left: list[tuple[Any, Path]] = [(content, ())]
    while left:
        node, path = left.pop()
        if isinstance(node, list):
            left += [(each, (*path, index)) for index, each in enumerate(node)]
        if not isinstance(node, Mapping):
            continue
        if isinstance(node.get("$ref"), str) and not _leads(content, node):
            yield (*path, "$ref"), "leads nowhere", "references stay in the document and begin with #/"
        if isinstance(node.get("x-data-class"), str) and node["x-data-class"] not in DATA_CLASSES:
            yield (*path, "x-data-class"), "is no class of data", f"known are: {', '.join(DATA_CLASSES)}"
        left += [(each, (*path, name)) for name, each in node.items() if name not in {"example", "examples"}]


def _leads(content: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    try:
        _followed(content, node)
    except LookupError:
        return False
    return True


def _followed(content: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    """What a node is, or what its reference leads to in the end. LookupError for nothing, and for a circle."""
    for _ in range(_HOPS_MAX):
        if not isinstance(node, Mapping):
            break
        if not isinstance(node.get("$ref"), str):
            return node
        if not node["$ref"].startswith("#/"):
            break
        try:
            node = contracts.resolve(content, node["$ref"].removeprefix("#"))
        except (TypeError, ValueError) as error:
            raise LookupError(node["$ref"]) from error
    raise LookupError


def _schema(file: str, text: str, problems: list[Problem]) -> Mapping[str, Any] | None:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        problems.append(_at(file, f"not JSON: {error.msg}", "correct the syntax", error.lineno))
        return None
    except RecursionError:
        problems.append(_at(file, "is nested too deeply", "a schema refers to its parts by $ref"))
        return None
    if not isinstance(content, dict):
        problems.append(_at(file, "a schema is a mapping", "begin it with {"))
        return None
    lost = next(_references(content), None)
    if lost is not None:
        where = "/".join(str(step) for step in lost[0])
        problems.append(_at(file, f"{where} {lost[1]}", lost[2]))
        return None
    try:
        checker(content, "")
    except (ValueError, RecursionError) as error:
        problems.append(_at(file, f"not a JSON Schema: {str(error)[:300]}", "correct it"))
        return None
    return content


def _twice(documents: Iterable[contracts.Document]) -> Iterator[Problem]:
    """Operations have names of their own, over all documents: policies, tests and the audit call them by that."""
    seen = {operation.id: "those that ship with Tillway" for _, operation in contracts.load().operations()}
    for document in documents:
        file = file_of(document.api, document.version)
        for operation in document.operations:
            if operation.id in seen:
                yield _at(file, f"the operationId {operation.id!r} is taken by {seen[operation.id]}", "rename it")
            seen.setdefault(operation.id, file)


def _is_taken(file: str) -> bool:
    found, event = _DOCUMENT.match(file), _SCHEMA.match(file)
    shipped = contracts.load()
    if found is not None:
        return found[1] in _TAKEN or (found[1], int(found[2])) in shipped.apis
    return event is not None and (event[1], int(event[2])) in shipped.events


def _taken(file: str) -> Problem:
    return _at(file, "this name is one of Tillway's own", "call it otherwise, or make it another version")


def _at(file: str, text: str, remedy: str, line: int = 1) -> Problem:
    return Problem(path=(), text=text, remedy=remedy, mark=Mark(file, line))


def _path(content: Any, pointer: str) -> Path:
    """A JSON pointer as the path of our lines, in which positions are numbers."""
    path: list[str | int] = []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        here: str | int = int(name) if isinstance(content, list) and name.isdigit() else name
        try:
            content = content[here]
        except (LookupError, TypeError):
            content = None
        path.append(here)
    return tuple(path)


def _plain(value: Any) -> Any:
    """As JSON has it: a day that YAML read is the text that was written."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


@cache
def _shape() -> contracts.Check:
    return checker(yaml.safe_load(document_schema()), "")
