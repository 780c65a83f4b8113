"""Checks: everything of one operation that values are held against, compiled once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

from tillway.contracts.operation import Document, Operation, Parameter, escaped, followed, resolve
from tillway.contracts.pruning import Prune, pruner
from tillway.contracts.validators import Check, checker
from tillway.errors import Violation

# Values that are remembered to keep their schema, of each parameter, and how long they may be: 100 KB at most.
GOOD_MAX: Final = 1_000
GOOD_LENGTH_MAX: Final = 64


class ParameterCheck:
    """Reads one parameter from its text and checks it. Its pointer is `/query/limit`, `/path/id`, `/header/X-Name`."""

    __slots__ = ("_check", "_good", "_read", "header", "name", "pointer", "required", "where")

    def __init__(self, parameter: Parameter, content: Mapping[str, Any]) -> None:
        self.name = parameter.name
        self.where = parameter.where
        self.header = parameter.name.lower().encode()
        self.required = parameter.required
        self.pointer = f"/{parameter.where}/{escaped(parameter.name)}"
        self._read = _READERS.get(parameter.kind)
        self._check = checker(content, parameter.schema)
        self._good: dict[str, Any] = {}

    def value(self, text: str) -> tuple[Any, tuple[Violation, ...]]:
        """The value as its schema's type has it, and what is wrong with it."""
        if text in self._good:
            return self._good[text], ()
        value = text if self._read is None else self._read(text)
        found = self._check(value)
        if found:
            found = tuple(
                Violation(pointer=f"{self.pointer}{each.pointer}", detail=each.detail, rule=each.rule) for each in found
            )
        elif len(text) <= GOOD_LENGTH_MAX and not isinstance(value, list):
            if len(self._good) >= GOOD_MAX:
                self._good.clear()
            self._good[text] = value
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

    def __init__(self, document: Document, operation: Operation) -> None:
        checks = [ParameterCheck(parameter, document.content) for parameter in operation.parameters]
        self.operation = operation
        self.path = tuple(check for check in checks if check.where == "path")
        self.query = {check.name: check for check in checks if check.where == "query"}
        self.headers = tuple(check for check in checks if check.where == "header")
        self.body = None if operation.body is None else checker(document.content, operation.body)
        self._document = document
        self._responses: dict[str, Check] = {}

    @cached_property
    def prune(self) -> Prune:
        """Takes out of a body what its schema does not know. Only of an operation with a body."""
        return pruner(self._document.content, self.operation.body or "")

    @cached_property
    def members(self) -> frozenset[str]:
        """The members of the body's envelope that its schema names. Only of an operation with a body."""
        content = self._document.content
        return frozenset(resolve(content, followed(content, self.operation.body or "")).get("properties", {}))

    def response(self, status: int, body: Any) -> tuple[Violation, ...]:
        """What is wrong with an answer: a status that is not promised, a body that breaks its schema."""
        try:
            pointer = self.operation.response(status)
        except KeyError:
            return (Violation(pointer="", detail=f"status {status} is not promised", rule="status"),)
        if pointer is None:
            return () if body is None else (Violation(pointer="", detail="no body is promised", rule="content"),)
        return self._response(pointer)(body)

    def compile_responses(self) -> None:
        """Compile the checks of all answers now. ValueError for a schema that is none."""
        for pointer in self.operation.responses.values():
            if pointer is not None:
                self._response(pointer)

    def _response(self, pointer: str) -> Check:
        if pointer not in self._responses:
            self._responses[pointer] = checker(self._document.content, pointer)
        return self._responses[pointer]
