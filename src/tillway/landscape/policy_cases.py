"""Tests of policies as a landscape holds them: who asks for what, where and when, and what is expected. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictBool, StrictInt, ValidationError

from tillway.landscape.base import Model
from tillway.landscape.document import Document, parse
from tillway.landscape.landscape import Landscape
from tillway.landscape.policy_checks import ELSEWHERE
from tillway.landscape.problem import InvalidLandscape, Mark, Path, Problem, meant
from tillway.landscape.values import AllOrIds, ClosedClass, ConsumerKind, Id, Text

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

RESOURCES: Final = {"touch": "shops", "read": "data classes", "receive": "event types"}
"""Actions on something else than an interface, and what they are about."""


class Somebody(Model):
    """A principal that no landscape declares, by what policies know of it."""

    id: Id = "somebody"
    kind: ConsumerKind | Literal["operator"]
    roles: tuple[Id, ...] = ()
    purpose: str = ""
    scopes: tuple[str, ...] = ()
    shop: Id | None = None
    shops: AllOrIds = ()
    data_classes: tuple[ClosedClass, ...] = ()
    event_types: AllOrIds = ()


class Where(Model):
    """The circumstances; what is left out is a monday at noon, from elsewhere, without proving oneself anew."""

    hour: Annotated[StrictInt, Field(ge=0, le=23)] = 12
    weekday: Weekday = "monday"
    network: str = ELSEWHERE
    step_up: StrictBool = False


class Case(Model):
    """One test. `principal` is a consumer's id or somebody described; `action` an operationId, touch, read, receive."""

    name: Text
    principal: Id | Somebody
    action: str
    resource: str | None = None
    context: Where = Where()
    expect: Literal["allow", "deny"]
    by: tuple[str, ...] = ()
    mark: Mark


def cases(files: Mapping[str, str], landscape: Landscape) -> tuple[Case, ...]:
    """The tests in these YAML texts, in order. Raises InvalidLandscape with every finding."""
    found: list[Case] = []
    problems: list[Problem] = []
    for file in sorted(files):
        document = parse({file: files[file]})
        found += _cases(document, file)
        problems += document.problems
    problems += [problem for case in found for problem in _unknown(case, landscape)]
    if problems:
        raise InvalidLandscape(problems)
    return tuple(found)


def _cases(document: Document, file: str) -> Iterator[Case]:
    for name in document.data.keys() - {"tests"}:
        document.finding((name,), "unknown section", "a file of policy tests has one section: tests")
    tests = document.data.get("tests", [])
    if not isinstance(tests, list):
        document.finding(("tests",), "should be a list", "begin each test with `- name: ...`")
        return
    for index, content in enumerate(tests):
        path: Path = ("tests", index)
        mark = document.mark(path) or Mark(file, 1)
        try:
            yield Case.model_validate({**content, "mark": mark} if isinstance(content, dict) else content)
        except ValidationError as invalid:
            _note(document, path, invalid)


def _note(document: Document, path: Path, invalid: ValidationError) -> None:
    told: set[tuple[Any, ...]] = set()
    for error in invalid.errors(include_url=False, include_context=False, include_input=False):
        # A principal is one of two things; what is wrong is told once for both.
        where = tuple(step for step in error["loc"] if step not in {"Somebody", "constrained-str"})
        if where not in told:
            told.add(where)
            document.finding((*path, *where), error["msg"][:1].lower() + error["msg"][1:], "see docs/authorisation.md")


def _unknown(case: Case, landscape: Landscape) -> Iterator[Problem]:
    operations = {operation.id for _, operation in landscape.documents.operations()}

    def finding(field: str, text: str, remedy: str) -> Problem:
        return Problem(path=("tests", case.name, field), text=text, remedy=remedy, mark=case.mark)

    if isinstance(case.principal, str) and case.principal not in landscape.consumers:
        yield finding(
            "principal", f"there is no consumer {case.principal!r}", meant(case.principal, landscape.consumers)
        )
    if case.action not in operations | RESOURCES.keys():
        yield finding(
            "action", f"there is no action {case.action!r}", meant(case.action, operations | RESOURCES.keys())
        )
    if (case.resource is None) is (case.action in RESOURCES):
        what = f"is needed: one of the {RESOURCES[case.action]}" if case.resource is None else "is the operation's own"
        yield finding("resource", what, "add it" if case.resource is None else "leave it out")
    known = {policy.id for policy in landscape.policy_set.policies}
    for name in case.by:
        if name not in known:
            yield finding("by", f"there is no policy {name!r}", meant(name, known))
    labels = {*landscape.networks, ELSEWHERE}
    if case.context.network not in labels:
        yield finding("context", f"there is no network {case.context.network!r}", meant(case.context.network, labels))
