"""Validators: the schemas of the contracts, compiled once, and what is wrong with a value as `Violation`s. Pure.

A message never quotes the value: it may be personal, and messages travel to logs and parked work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

import jsonschema_rs

from tillway.contracts.operation import Document, Operation, Parameter, escaped
from tillway.errors import Violation
from tillway.masking import scrub

# Violations told at most: enough to mend a request by, small enough for an answer and a log line.
VIOLATIONS_MAX: Final = 50

# Characters of a message: a list of unexpected members is cut here.
DETAIL_MAX: Final = 300

_MASK: Final = "this value"

Check = Callable[[Any], tuple[Violation, ...]]


def checker(content: Mapping[str, Any], pointer: str) -> Check:
    """The check of values against the schema at a JSON pointer of a document (`""`: the document is the schema).

    The answer is empty for a value that keeps the schema, otherwise every violation found, up to VIOLATIONS_MAX.
    """
    # A pointer in a reference is a URI fragment, where the braces of path templates have to be escaped.
    schema = {**content, "$ref": f"#{quote(pointer, safe='/~')}"} if pointer else dict(content)
    validator = jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, mask=_MASK, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )
    is_valid, errors = validator.is_valid, validator.iter_errors

    def check(value: Any) -> tuple[Violation, ...]:
        if is_valid(value):
            return ()
        found = (violation for error in errors(value) for violation in _violations(error))
        return tuple(islice(found, VIOLATIONS_MAX))

    return check


def _violations(error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    place = "".join(f"/{_shown(str(token))}" for token in error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        yield Violation(pointer=f"{place}/{escaped(kind.property)}", detail="is required", rule="required")
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            pointer = f"{place}/{_shown(name)}"[:DETAIL_MAX]
            yield Violation(pointer=pointer, detail="is not known here", rule="additionalProperties")
    else:
        yield Violation(pointer=place, detail=error.message[:DETAIL_MAX], rule=kind.name)


def _shown(name: str) -> str:
    """A member's name in a pointer; what was sent as a name may be anything."""
    return escaped(scrub(name))


class ParameterCheck:
    """Reads one parameter from its text and checks it. Its pointer is `/query/limit`, `/path/id`, `/header/X-Name`."""

    __slots__ = ("_check", "_read", "header", "name", "pointer", "required", "where")

    def __init__(self, parameter: Parameter, content: Mapping[str, Any]) -> None:
        self.name = parameter.name
        self.where = parameter.where
        self.header = parameter.name.lower().encode()
        self.required = parameter.required
        self.pointer = f"/{parameter.where}/{escaped(parameter.name)}"
        self._read = _READERS.get(parameter.kind)
        self._check = checker(content, parameter.schema)

    def value(self, text: str) -> tuple[Any, tuple[Violation, ...]]:
        """The value as its schema's type has it, and what is wrong with it."""
        value = text if self._read is None else self._read(text)
        found = self._check(value)
        if found:
            found = tuple(
                Violation(pointer=f"{self.pointer}{each.pointer}", detail=each.detail, rule=each.rule) for each in found
            )
        return value, found

    @property
    def missing(self) -> Violation:
        """What is wrong when a required one is not given."""
        return Violation(pointer=self.pointer, detail="is required", rule="required")


# More digits than any bound of ours; a longer text stays a text and breaks the schema.
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}\Z")
_BOOLEANS: Final = {"true": True, "false": False}

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": lambda text: int(text) if _INTEGER.match(text) else text,
    "boolean": lambda text: _BOOLEANS.get(text, text),
    "array": lambda text: text.split(","),
}


class OperationChecks:
    """Everything of one operation that values are checked by. `response` compiles on first use: tests ask for it."""

    __slots__ = ("_document", "_responses", "body", "headers", "operation", "path", "query")

    def __init__(self, document: Document, operation: Operation) -> None:
        checks = [ParameterCheck(parameter, document.content) for parameter in operation.parameters]
        self.operation = operation
        self.path = tuple(check for check in checks if check.where == "path")
        self.query = {check.name: check for check in checks if check.where == "query"}
        self.headers = tuple(check for check in checks if check.where == "header")
        self.body = None if operation.body is None else checker(document.content, operation.body)
        self._document = document
        self._responses: dict[str, Check] = {}

    def response(self, status: int, body: Any) -> tuple[Violation, ...]:
        """What is wrong with an answer: a status that is not promised, a body that breaks its schema."""
        try:
            pointer = self.operation.response(status)
        except KeyError:
            return (Violation(pointer="", detail=f"status {status} is not promised", rule="status"),)
        if pointer is None:
            return () if body is None else (Violation(pointer="", detail="no body is promised", rule="content"),)
        if pointer not in self._responses:
            self._responses[pointer] = checker(self._document.content, pointer)
        return self._responses[pointer](body)
