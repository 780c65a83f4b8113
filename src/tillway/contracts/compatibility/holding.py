"""Whether one value keeps a term, as far as that can be said without guessing. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from tillway.contracts.compatibility.nodes import Node, Term, canonical, exact
from tillway.contracts.compatibility.shapes import Lists, Numbers, Objects, Shape, Texts, kind_of, matches

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning

# Formats that the engine which checks values knows; of any other nobody can say what keeps it.
FORMATS: Final = frozenset({
    "date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri",
    "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template",
    "uuid",
})  # fmt: skip
_FORMATS_KEPT: Final = 5_000

Answer = bool | None


def term_holds(known: Reasoning, term: Term, value: Any) -> Answer:
    """Whether a value keeps every schema of a term."""
    return _all(_node_holds(known, node, value) for node in term)


def _node_holds(known: Reasoning, node: Node, value: Any) -> Answer:
    kind = kind_of(value)
    answer: Answer = False
    for shape in known.expanding.node(node):
        if shape.kind == kind:
            one = shape_holds(known, shape, value)
            if one:
                return True
            answer = None if one is None else answer
    return answer


def shape_holds(known: Reasoning, shape: Shape, value: Any) -> Answer:
    """Whether a value of its type has a shape."""
    if shape.values is not None and canonical(value) not in known.listed(shape.values):
        return False
    return _all(part(known, shape, value) for part in (_part_holds, _words_hold, _implications_hold))


def without_refused(known: Reasoning, shape: Shape) -> Shape | None:
    """The shape without the listed values that something else about it refuses; None when nothing is left."""
    if shape.values is None or (shape.part is None and not shape.implications and not shape.words):
        return shape
    kept = tuple(value for value in shape.values if shape_holds(known, shape, value) is not False)
    if not kept:
        return None
    return shape if len(kept) == len(shape.values) else replace(shape, values=kept)


def _all(answers: Iterable[Answer]) -> Answer:
    found: Answer = True
    for each in answers:
        if each is False:
            return False
        found = None if each is None else found
    return found


def _implications_hold(known: Reasoning, shape: Shape, value: Any) -> Answer:
    return _all(_implied(known, condition, then, value) for condition, then in shape.implications)


def _implied(known: Reasoning, condition: Term, then: Term, value: Any) -> Answer:
    given = term_holds(known, condition, value)
    if given is False:
        return True
    found = term_holds(known, then, value)
    return True if found else (False if given and found is False else None)


def _words_hold(known: Reasoning, shape: Shape, value: Any) -> Answer:
    del known
    return _all(_format(what, value) if word == "format" else None for word, what in shape.words)


def _format(name: Any, value: Any) -> Answer:
    if not isinstance(value, str) or name not in FORMATS:
        return None
    return _keeps_format(name, value)


@lru_cache(maxsize=_FORMATS_KEPT)
def _keeps_format(name: str, value: str) -> bool:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True).is_valid(value)


def _part_holds(known: Reasoning, shape: Shape, value: Any) -> Answer:
    part = shape.part
    if isinstance(part, Numbers):
        return number_holds(part, exact(value))
    if isinstance(part, Texts):
        return (
            part.low <= len(value)
            and (part.high is None or len(value) <= part.high)
            and all(matches(pattern, value) for pattern in part.patterns)
        )
    if isinstance(part, Lists):
        return _list_holds(known, part, value)
    return _object_holds(known, part, value) if isinstance(part, Objects) else True


def number_holds(part: Numbers, value: Fraction) -> bool:
    """Whether a number lies within bounds and on the steps."""
    above = part.low is None or value > part.low or (value == part.low and not part.low_open)
    below = part.high is None or value < part.high or (value == part.high and not part.high_open)
    return above and below and all((value / step).denominator == 1 for step in part.steps)


def _list_holds(known: Reasoning, part: Lists, value: list[Any]) -> Answer:
    if len(value) < part.low or (part.high is not None and len(value) > part.high):
        return False
    if part.unique and len({canonical(each) for each in value}) < len(value):
        return False
    answers: list[Answer] = [term_holds(known, part.at(index), each) for index, each in enumerate(value)]
    for contains in part.contains:
        each_holds = [term_holds(known, contains.term, each) for each in value]
        certain, possible = each_holds.count(True), len(value) - each_holds.count(False)
        if possible < contains.low or (contains.high is not None and certain > contains.high):
            return False
        sure = certain >= contains.low and (contains.high is None or possible <= contains.high)
        answers.append(True if sure else None)
    return _all(answers)


def _object_holds(known: Reasoning, part: Objects, value: dict[str, Any]) -> Answer:
    if not part.required <= value.keys() or len(value) < part.low or (part.high is not None and len(value) > part.high):
        return False
    return _all(
        _all((term_holds(known, part.at(name), inside), term_holds(known, part.names, name)))
        for name, inside in value.items()
    )
