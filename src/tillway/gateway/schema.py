"""The schema stage: parameters and body against the contract, every violation at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from tillway.contracts import OperationChecks, ParameterCheck
from tillway.errors import Invalid, Violation
from tillway.gateway import cards
from tillway.gateway.body import Body, nul_pointers

# More than any operation has; beyond it a query is an attack on the parser.
QUERY_FIELDS_MAX: Final = 50

_NOTHING: Final[Mapping[str, Any]] = {}


def parameters(
    checks: OperationChecks, path: Mapping[str, str], query: bytes, headers: Mapping[bytes, bytes]
) -> tuple[Mapping[str, Any], Mapping[str, Any], list[Violation]]:
    """Path and query parameters as their schemas have them, and what is wrong with any parameter."""
    wrong: list[Violation] = []
    in_path = {check.name: _value(check, path[check.name], wrong) for check in checks.path} if path else _NOTHING
    for header in checks.headers:
        given = headers.get(header.header)
        if given is not None:
            _value(header, given.decode("latin-1"), wrong)
    in_query = _query(checks, query, wrong) if query or checks.query else _NOTHING
    return in_path, in_query, wrong


def body_violations(checks: OperationChecks, body: Body) -> list[Violation]:
    """What is wrong with a body. Of a fact only the envelope counts: the single facts are judged by the handler."""
    if checks.body is None:
        return []
    wrong = list(checks.body(body.value))
    if not checks.operation.fact:
        if body.nul:
            wrong += [Violation(pointer=each, detail=_NUL_DETAIL, rule="nul") for each in nul_pointers(body.value)]
        if body.card:
            wrong += cards.violations(body.value)
    return wrong


def refuse(wrong: list[Violation]) -> None:
    """Invalid when anything is wrong."""
    if wrong:
        raise Invalid(f"{len(wrong)} violation{'s' * (len(wrong) > 1)} of the contract", violations=tuple(wrong))


_NUL_DETAIL: Final = "holds the character U+0000, which cannot be kept"


def _value(check: ParameterCheck, text: str, wrong: list[Violation]) -> Any:
    value, found = check.value(text)
    wrong.extend(found)
    if "\x00" in text:
        wrong.append(Violation(pointer=check.pointer, detail=_NUL_DETAIL, rule="nul"))
    return value


def _query(checks: OperationChecks, query: bytes, wrong: list[Violation]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    try:
        # A field without a value is one all the same: `?gtin=` must not list everything.
        fields = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        wrong.append(Violation(pointer="/query", detail=f"has more than {QUERY_FIELDS_MAX} fields", rule="maxItems"))
        return values
    for name, text in fields:
        check = checks.query.get(name)
        pointer = f"/query/{name[:64]}"
        if check is None:
            known = ", ".join(checks.query) or "none"
            wrong.append(Violation(pointer=pointer, detail=f"is not known here; known are: {known}", rule="unknown"))
        elif name in values:
            wrong.append(Violation(pointer=pointer, detail="is given more than once", rule="unique"))
        else:
            values[name] = _value(check, text, wrong)
    wrong += [check.missing for name, check in checks.query.items() if check.required and name not in values]
    return values
