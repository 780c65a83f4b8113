"""What machines say of a change: what it means, whom it hits, whether there is a way back. Pure over what is handed in.

What nobody measures is said to be not measured; nothing here is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, get_args

import msgspec

from tillway import contracts
from tillway.errors import TillwayError
from tillway.governance import rules
from tillway.governance.bundles import Texts, landscape_of, marked, tests_of
from tillway.governance.change import (
    Accepted,
    Conformance,
    Criticality,
    Evidence,
    Hit,
    PolicyTests,
    Promise,
    Rollback,
    Rules,
    Touched,
)
from tillway.governance.retiring import StillUsed
from tillway.identity import Rehearsal, rehearse
from tillway.landscape import Consumer, Landscape, LandscapeChange, Marks, compare_landscapes

# Changes that evidence lists; the worst come first, the rest is counted.
LISTED_MAX: Final = 500

CRITICALITIES: Final[tuple[Criticality, ...]] = get_args(Criticality)
"""The most critical first."""

# Texts of what breaks one consumer; more would hide the first.
REASONS_MAX: Final = 20


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force and what is proposed, each as texts and as landscape."""

    old_texts: Texts
    old: Landscape
    old_marks: Marks
    new_texts: Texts
    new: Landscape
    new_marks: Marks


def compared(old_texts: Texts, new_texts: Texts) -> Compared:
    """Both built. Raises InvalidLandscape with every finding."""
    new, new_marks = marked(new_texts)
    old, old_marks = marked(old_texts)
    return Compared(
        old_texts=old_texts, old=old, old_marks=old_marks, new_texts=new_texts, new=new, new_marks=new_marks
    )


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen elsewhere: calls of the last 30 days, who still calls a version that would end, contract tests."""

    seen: Mapping[str, Mapping[str, int]] = {}
    retirements: Sequence[StillUsed] = ()
    conformance: Sequence[Conformance] = ()


def evidence(given: Compared, observed: Observed, today: date, accepted: Sequence[Accepted] = ()) -> Evidence:
    """All of it. `accepted` are the consumers that may break, by name."""
    found = compare_landscapes(given.old, given.new)
    reasons = {each.consumer: each.reason for each in accepted}
    hits = tuple(_hits(found.changes, given.old, observed.seen, reasons))
    rehearsed = rehearse(given.new, tests_of(given.new_texts, given.new))
    tests, broken, back = _tests(rehearsed), _rules(given, rehearsed, today), _way_back(given)
    # Nobody accepts this for others: a version ends when nobody calls it any more.
    ending = [f"{each.text}: {each.remedy}" for each in observed.retirements]
    failing = [_failing(each) for each in observed.conformance if not each.passed]
    most = _most_critical(given)
    touched = [_touched(each, most) for each in found.changes]
    return Evidence(
        verdict=found.verdict,
        criticality=min((each.criticality for each in touched), key=CRITICALITIES.index, default="low"),
        kinds=tuple(sorted({each.kind for each in touched})),
        changes=tuple(touched[:LISTED_MAX]),
        left_off=max(0, len(touched) - LISTED_MAX),
        consumers=hits,
        shops=_shops(found.changes, hits, given.old),
        promises=tuple(_promises(found.changes, given.old)),
        tests=tests,
        rules=broken,
        rollback=back,
        blockers=(*_blockers(hits, tests, broken, back), *ending, *failing),
        conformance=tuple(observed.conformance),
    )


def _failing(each: Conformance) -> str:
    first = f": {each.failures[0]}" if each.failures else ""
    return f"contract tests of {each.document} failed at {each.provider}{first}"


def _touched(each: LandscapeChange, most: Criticality) -> Touched:
    """What stands behind no one interface is as critical as the most critical of them."""
    return Touched(
        path=each.path, kind=each.kind, verdict=each.verdict, criticality=each.criticality or most, text=each.text
    )


def _most_critical(given: Compared) -> Criticality:
    apis = (*given.old.apis.values(), *given.new.apis.values())
    return min((each.criticality for each in apis), key=CRITICALITIES.index, default="low")


def _hits(
    found: Iterable[LandscapeChange], old: Landscape, seen: Mapping[str, Mapping[str, int]], reasons: Mapping[str, str]
) -> Iterator[Hit]:
    breaking = [each for each in found if each.verdict == "breaking"]
    for consumer in old.consumers.values():
        calls = seen.get(consumer.id, {})
        declared = [each for each in breaking if consumer.id in each.consumers]
        told = declared + [each for each in breaking if each not in declared and _operation(each) in calls]
        if told:
            yield Hit(
                consumer=consumer.id,
                owner=consumer.owner,
                contact=consumer.contact,
                shops=_shops_of(consumer),
                declared=bool(declared),
                calls=_counted(told, calls),
                changes=tuple(f"{each.path}: {each.text}" for each in told[:REASONS_MAX]),
                accepted=reasons.get(consumer.id),
            )


def _operation(each: LandscapeChange) -> str | None:
    return None if each.contract is None else each.contract.operation


def _counted(told: Iterable[LandscapeChange], calls: Mapping[str, int]) -> int:
    """Calls of the operations that break; all of them where it is not about operations alone."""
    operations = {_operation(each) for each in told}
    return sum(count for name, count in calls.items() if None in operations or name in operations)


def _shops_of(consumer: Consumer) -> tuple[str, ...] | None:
    if consumer.shops == "*":
        return None
    if consumer.shops is not None:
        return tuple(consumer.shops)
    return () if consumer.shop is None else (consumer.shop,)


def _shops(found: Iterable[LandscapeChange], hits: Iterable[Hit], old: Landscape) -> tuple[str, ...]:
    """Those that change themselves, and those of whoever breaks."""
    named = {each.path.split(".")[1] for each in found if each.path.startswith("shops.")}
    for hit in hits:
        named |= set(old.shops) if hit.shops is None else set(hit.shops)
    return tuple(sorted(named))


def _promises(found: Iterable[LandscapeChange], old: Landscape) -> Iterator[Promise]:
    """Service levels of interfaces that change, by their entry or by their contract."""
    sections = {"apis", "contracts"}
    paths = [each.path.split(".") for each in found]
    # A contract's file may be told with its folder.
    apis = {parts[1].rpartition("/")[2] for parts in paths if parts[0] in sections and len(parts) > 1}
    for level in old.service_levels.values():
        if level.api in apis:
            yield Promise(service_level=level.id, api=level.api, target=level.target)


def _rules(given: Compared, rehearsed: Rehearsal, today: date) -> Rules:
    """What the house rules find in what is proposed and not in what is in force: errors are violations."""
    documents = contracts.load()
    old, new = (
        rules.check(rules.subject(landscape, documents, today, outcome), marks).findings
        for landscape, marks, outcome in (
            (given.old, given.old_marks, None),
            (given.new, given.new_marks, rehearsed),
        )
    )
    known = {(each.rule, each.where) for each in old}
    fresh = [each for each in new if (each.rule, each.where) not in known]
    return Rules(
        violations=tuple(_found(each) for each in fresh if each.severity == "error")[:LISTED_MAX],
        warnings=tuple(_found(each) for each in fresh if each.severity == "warning")[:LISTED_MAX],
    )


def _found(each: rules.Finding) -> str:
    return f"{each.rule} at {each.where}: {each.text}"


def _tests(rehearsed: Rehearsal) -> PolicyTests:
    """How the tests of policies that came along ended."""
    outcomes = rehearsed.outcomes
    failed = tuple(f"{each.case.name}: {each.wrong}" for each in outcomes if each.wrong)
    return PolicyTests(passed=len(outcomes) - len(failed), failed=failed)


def _way_back(given: Compared) -> Rollback:
    """What is in force, built anew from what is kept of it, is what is in force."""
    try:
        again = landscape_of(given.old_texts)
    except TillwayError:
        return Rollback(builds=False, restores=False, changes=0)
    way = len(compare_landscapes(given.new, again).changes)
    return Rollback(builds=True, restores=again.hash == given.old.hash, changes=way)


def _blockers(hits: Iterable[Hit], tests: PolicyTests, broken: Rules, back: Rollback) -> Iterator[str]:
    for hit in hits:
        if hit.accepted is None:
            used = f"{hit.calls} calls in 30 days" if hit.calls else "declared"
            yield f"it breaks {hit.consumer} of {hit.owner} ({used}): {hit.changes[0]}"
    for failed in tests.failed:
        yield f"a test of policies fails: {failed}"
    for violation in broken.violations:
        yield f"a house rule is not kept: {violation}"
    if not (back.builds and back.restores):
        yield "there is no proven way back to what is in force"
