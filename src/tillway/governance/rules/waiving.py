"""Waivers: a finding that somebody answers for, at one place and for a time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tillway.governance.rules.rule import Found, Subject, rule
from tillway.landscape import Waiver, dotted

# What is waived for longer is not waived but changed: change the rule's severity for everybody, or what breaks it.
WAIVED_DAYS_MAX: Final = 550

_EXAMPLE: Final = "governance: {waivers: [{rule: name-style, path: 'teams.*', reason: old, owner: platform, expires: "


@rule(
    "waiver-expired",
    "error",
    sentence="A waiver ends on its day.",
    why="A waiver that is over waives nothing: what it stood for is told again, and somebody said it would be mended.",
    remedy="mend what it was for and take it out, or have it renewed with a reason",
    breaks=f"{_EXAMPLE}2026-01-31}}]}}",
    keeps="governance: {waivers: []}",
)
def waiver_expired(subject: Subject) -> Iterator[Found]:
    """Waivers are in force."""
    for index, each in enumerate(subject.landscape.governance.waivers):
        if each.expires <= subject.today:
            yield Found(("governance", "waivers", index), f"the waiver of {each.rule} ended {each.expires}")


@rule(
    "waiver-too-long",
    "warning",
    sentence=f"A waiver lasts at most {WAIVED_DAYS_MAX} days.",
    why="Whoever signs it should still be there when it ends.",
    remedy="set an earlier day",
    breaks="governance: {waivers: [{rule: name-style, path: teams.Crew, reason: old, owner: platform,"
    " expires: 2035-01-01}]}\nteams: {Crew: {name: C, contact: c@nordwind.example}}\n"
    "apis: {prices: {deputy: Crew}}",
    keeps="governance: {waivers: []}",
)
def waiver_too_long(subject: Subject) -> Iterator[Found]:
    """Waivers end in time."""
    for index, each in enumerate(subject.landscape.governance.waivers):
        if (each.expires - subject.today).days > WAIVED_DAYS_MAX:
            yield Found(("governance", "waivers", index, "expires"), f"{each.expires} is too far away")


@rule(
    "waiver-idle",
    "warning",
    sentence="A waiver matches something.",
    why="One that waives nothing now waives the next mistake at its place before anybody sees it.",
    remedy="take it out, or correct its rule or path",
    breaks=f"{_EXAMPLE}2027-01-31}}]}}",
    keeps="governance: {waivers: []}",
)
def waiver_idle(subject: Subject) -> Iterator[Found]:
    """What a waiver matches is known only when all other rules were asked, so these come from `idle`."""
    del subject
    return iter(())


RULES: Final = (waiver_expired, waiver_too_long, waiver_idle)
"""Rules on waivers, which no waiver waives."""


def matches(waiver: Waiver, rule_id: str, path: str) -> bool:
    """Whether a waiver is for this rule at this path: `*` is any text, and what lies below a path belongs to it."""
    if waiver.rule != rule_id:
        return False
    pattern = ".*".join(re.escape(piece) for piece in waiver.path.split("*"))
    return re.match(rf"{pattern}(?:\Z|[.\[])", path) is not None


def idle(subject: Subject, used: Iterable[int], known: Iterable[str]) -> Iterator[Found]:
    """The waivers that matched nothing, those of rules that are not there included; expired ones are told already."""
    matched, rules = set(used), set(known)
    for index, each in enumerate(subject.landscape.governance.waivers):
        if each.rule not in rules:
            yield Found(("governance", "waivers", index, "rule"), f"there is no rule {each.rule!r}")
        elif index not in matched and each.expires > subject.today:
            yield Found(("governance", "waivers", index), f"no finding of {each.rule} at {each.path}")


def where(found: Found) -> str:
    """The path of a finding as waivers name it."""
    return dotted(found.path)
