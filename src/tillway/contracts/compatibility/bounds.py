"""Bounds of two shapes of one type side by side: which are tighter, which wider. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from tillway.contracts.compatibility.nodes import Term, canonical
from tillway.contracts.compatibility.shapes import Contains, Lists, Numbers, Objects, Shape, Texts

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning

# Listed values told one by one; of more, how many.
VALUES_TOLD: Final = 40
# Characters of a value or pattern that are told.
SHOWN_MAX: Final = 80

How = Literal["tighter", "wider", "other"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One bound that differs. `other`: it cannot be said which way."""

    rule: str
    how: How
    text: str


def differences(known: Reasoning, old: Shape, new: Shape) -> Iterator[Difference]:
    """What differs in the bounds of two shapes, members and items apart."""
    yield from _values(old, new)
    yield from _words(old, new)
    a, b = old.part, new.part
    if isinstance(a, Numbers) and isinstance(b, Numbers):
        yield from _numbers(a, b)
    elif isinstance(a, Texts) and isinstance(b, Texts):
        yield from _texts(a, b)
    elif isinstance(a, Lists) and isinstance(b, Lists):
        yield from _lists(known, a, b)
    elif isinstance(a, Objects) and isinstance(b, Objects):
        yield from _objects(known, a, b)
    yield from _implications(known, old, new)


def _values(old: Shape, new: Shape) -> Iterator[Difference]:
    if old.values is None and new.values is None:
        return
    if old.values is None or new.values is None:
        yield (
            Difference("values-listed", "tighter", "is one of listed values now")
            if old.values is None
            else Difference("values-unlisted", "wider", "may be other than the values listed")
        )
        return
    before = {canonical(each): each for each in old.values}
    after = {canonical(each): each for each in new.values}
    yield from _each("value-removed", "tighter", [before[key] for key in before.keys() - after.keys()], "cannot be")
    yield from _each("value-added", "wider", [after[key] for key in after.keys() - before.keys()], "can be")


def _each(rule: str, how: How, values: list[Any], verb: str) -> Iterator[Difference]:
    for value in sorted(map(_shown, values))[:VALUES_TOLD]:
        yield Difference(rule, how, f"{verb} {value} {'any more' if verb == 'cannot be' else 'now'}")
    if len(values) > VALUES_TOLD:
        yield Difference(rule, how, f"{verb} {len(values) - VALUES_TOLD} further values")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


def _words(old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = dict(old.words), dict(new.words)
    for word in sorted(before.keys() | after.keys()):
        if word not in before:
            yield Difference(f"{_rule(word)}-added", "tighter", f"{word} is asked for now")
        elif word not in after:
            yield Difference(f"{_rule(word)}-removed", "wider", f"{word} is not asked for any more")
        elif before[word] != after[word]:
            yield Difference(f"{_rule(word)}-changed", "other", f"{word} is another one")


def _rule(word: str) -> str:
    return word if word in {"format", "contentEncoding", "contentMediaType", "contentSchema"} else "keyword"


def _numbers(old: Numbers, new: Numbers) -> Iterator[Difference]:
    if (old.low, old.low_open) != (new.low, new.low_open):
        tighter = old.low is None or (new.low is not None and (new.low, new.low_open) > (old.low, old.low_open))
        yield _moved("minimum", old.low, new.low, tighter=tighter)
    if (old.high, old.high_open) != (new.high, new.high_open):
        tighter = old.high is None or (
            new.high is not None and (new.high, not new.high_open) < (old.high, not old.high_open)
        )
        yield _moved("maximum", old.high, new.high, tighter=tighter)
    if old.steps != new.steps:
        tighter, wider = new.steps > old.steps, new.steps < old.steps
        how: How = "tighter" if tighter else "wider" if wider else "other"
        yield Difference("multiple-of", how, "is a multiple of something else, or no longer whole, or whole now")


def _texts(old: Texts, new: Texts) -> Iterator[Difference]:
    yield from _counts("length", old.low, new.low, old.high, new.high)
    if old.patterns != new.patterns:
        gone, came = old.patterns - new.patterns, new.patterns - old.patterns
        how: How = "tighter" if not gone else "wider" if not came else "other"
        shown = ", ".join(sorted(each[:SHOWN_MAX] for each in came)) or "none"
        yield Difference("pattern", how, f"matches another pattern now: {shown}")


def _lists(known: Reasoning, old: Lists, new: Lists) -> Iterator[Difference]:
    yield from _counts("items", old.low, new.low, old.high, new.high)
    if old.unique != new.unique:
        yield (
            Difference("unique-items", "tighter", "items must differ now")
            if new.unique
            else Difference("unique-items", "wider", "items may be alike now")
        )
    before = [each for each in old.contains if not _among(known, each, new.contains)]
    after = [each for each in new.contains if not _among(known, each, old.contains)]
    if before or after:
        how: How = "tighter" if not before else "wider" if not after else "other"
        yield Difference("contains", how, "must contain something else")


def _among(known: Reasoning, one: Contains, others: tuple[Contains, ...]) -> bool:
    return any(
        (one.low, one.high) == (each.low, each.high) and known.likeness.terms(one.term, each.term) for each in others
    )


def _objects(known: Reasoning, old: Objects, new: Objects) -> Iterator[Difference]:
    yield from _counts("members", old.low, new.low, old.high, new.high)
    if not known.likeness.terms(old.names, new.names):
        how: How = "tighter" if not old.names else "wider" if not new.names else "other"
        yield Difference("member-names", how, "members have other names")


def _implications(known: Reasoning, old: Shape, new: Shape) -> Iterator[Difference]:
    before = [each for each in old.implications if not _implied(known, each, new.implications)]
    after = [each for each in new.implications if not _implied(known, each, old.implications)]
    if before or after:
        how: How = "tighter" if not before else "wider" if not after else "other"
        yield Difference("condition", how, "a condition (not, oneOf, if, dependent...) is another one")


def _implied(known: Reasoning, one: tuple[Term, Term], others: tuple[tuple[Term, Term], ...]) -> bool:
    return any(known.likeness.terms(one[0], each[0]) and known.likeness.terms(one[1], each[1]) for each in others)


def _counts(what: str, old_low: int, new_low: int, old_high: int | None, new_high: int | None) -> Iterator[Difference]:
    if old_low != new_low:
        yield _moved(f"minimum-{what}", old_low, new_low, tighter=new_low > old_low)
    if old_high != new_high:
        tighter = new_high is not None and (old_high is None or new_high < old_high)
        yield _moved(f"maximum-{what}", old_high, new_high, tighter=tighter)


def _moved(rule: str, old: object, new: object, *, tighter: bool) -> Difference:
    shown = rule.replace("-", " ")
    was, now = ("none" if each is None else str(each) for each in (old, new))
    return Difference(rule, "tighter" if tighter else "wider", f"{shown}: {now}, was {was}")
