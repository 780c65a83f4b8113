"""What a schema says of a field beyond the values it allows: defaults, who writes it, its class of data. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tillway.contracts.compatibility.change import Direction, Verdict
from tillway.contracts.compatibility.nodes import Node, Term, branches, canonical
from tillway.masking import DATA_CLASSES

# References and parts followed from one field in search of its notes.
NOTES_DEEP: Final = 12

_MOST_CLOSED: Final = DATA_CLASSES[-1]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that changed about a field: the rule, what it means, and the sentence."""

    rule: str
    verdict: Verdict
    text: str


def noted(term: Term) -> Mapping[str, Any]:
    """The notes of a term. Of several classes of data the most closed counts."""
    found: dict[str, Any] = {}
    for node in term:
        for word, value in _of(node, 0):
            if word == "x-data-class" and word in found:
                found[word] = max(found[word], value, key=_rank)
            else:
                found.setdefault(word, value)
    return found


def differences(old: Term, new: Term, direction: Direction, *, required: bool) -> Iterator[Note]:
    """How the notes of a field changed. `required`: the new document asks for the field."""
    before, after = noted(old), noted(new)
    if before == after:
        return
    yield from _default(before, after)
    yield from _written(before, after, direction, required=required)
    yield from _classed(before, after, direction)
    yield from _unknown(before, after)
    if bool(before.get("deprecated")) != bool(after.get("deprecated")):
        how = "is deprecated now" if after.get("deprecated") else "is not deprecated any more"
        yield Note("field-deprecation", "same", how)


def _of(node: Node, depth: int) -> Iterator[tuple[str, Any]]:
    raw = node.raw
    if not isinstance(raw, dict) or depth > NOTES_DEEP:
        return
    lonely = "$ref" in raw and node.source.dialect.lonely_references
    if not lonely:
        yield from ((word, value) for word, value in raw.items() if word in _WORDS or word.startswith(_OURS))
    own = not lonely and "x-data-class" in raw
    inside = [] if "$ref" not in raw else [node.source.target(node)]
    inside += () if lonely else branches(node, "allOf")
    for each in inside:
        if each is not None:
            # A class that stands beside the reference is the field's own and comes before that of the schema.
            yield from ((word, value) for word, value in _of(each, depth + 1) if not (own and word == "x-data-class"))


_WORDS: Final = ("default", "readOnly", "writeOnly", "deprecated", "x-data-class", "x-tillway-disclosed")
_OURS: Final = "x-tillway-"


def _unknown(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    for word in sorted({*before, *after} - {*_WORDS}):
        if canonical(before.get(word)) != canonical(after.get(word)):
            yield Note("extension", "breaking", f"{word} differs, and nobody here knows what it means")


def _default(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    if "default" not in before and "default" in after:
        yield Note("default-added", "additive", "has a default now")
    elif "default" in before and "default" not in after:
        yield Note("default-removed", "breaking", "has no default any more: leaving it out means something else")
    elif canonical(before.get("default")) != canonical(after.get("default")):
        yield Note("default-changed", "breaking", "has another default: leaving it out means something else")


def _written(
    before: Mapping[str, Any], after: Mapping[str, Any], direction: Direction, *, required: bool
) -> Iterator[Note]:
    word = "readOnly" if direction == "request" else "writeOnly"
    was, now = before.get(word) is True, after.get(word) is True
    if now and not was:
        text = "is read-only now: what is sent counts no more" if direction == "request" else "is no longer answered"
        yield Note("field-gone", "breaking", text)
    elif was and not now:
        yield Note("field-added", "additive", "can be sent now" if direction == "request" else "is answered now")
        if required and direction == "request":
            yield Note("field-required", "breaking", "was read-only and must be sent now")


def _classed(before: Mapping[str, Any], after: Mapping[str, Any], direction: Direction) -> Iterator[Note]:
    if "x-data-class" in before or "x-data-class" in after:
        was, now = before.get("x-data-class", _MOST_CLOSED), after.get("x-data-class", _MOST_CLOSED)
        if _rank(now) > _rank(was):
            verdict: Verdict = "breaking" if direction == "response" else "additive"
            yield Note("data-class-raised", verdict, f"is {now} data now, was {was}: not everybody may read it")
        elif now != was:
            yield Note("data-class-lowered", "additive", f"is {now} data now, was {was}")
    was, now = before.get("x-tillway-disclosed") is True, after.get("x-tillway-disclosed") is True
    if was != now and direction == "response":
        text = "is told to whoever may ask" if now else "is no longer told to whoever may ask"
        yield Note("disclosure", "additive" if now else "breaking", text)


def _rank(name: Any) -> int:
    return DATA_CLASSES.index(name) if name in DATA_CLASSES else len(DATA_CLASSES)
