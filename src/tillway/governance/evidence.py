"""What machines say of a change: what it means, whom it hits, whether there is a way back. Pure over what is handed in.

What nobody measures is said to be not measured; nothing here is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tillway.errors import TillwayError
from tillway.governance.bundles import Texts, landscape_of, tests_of
from tillway.governance.change import Accepted, Evidence, Hit, Promise, Rollback, Rules, Tests
from tillway.governance.differing import Difference, differences, most, worst
from tillway.identity import rehearse
from tillway.landscape import Consumer, Landscape

# Changes that evidence lists; the worst come first, the rest is counted.
LISTED_MAX: Final = 500

# Texts of what breaks one consumer; more would hide the first.
REASONS_MAX: Final = 20

Seen = Mapping[str, Mapping[str, int]]
"""Calls of the last 30 days, by consumer and operation."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force and what is proposed, each as texts and as landscape."""

    old_texts: Texts
    old: Landscape
    new_texts: Texts
    new: Landscape


def evidence(given: Compared, *, seen: Seen, accepted: Sequence[Accepted] = (), rules: Rules | None = None) -> Evidence:
    """All of it. `rules` is what the house rules found; None where none were looked at."""
    found = differences(given.old, given.new)
    reasons = {each.consumer: each.reason for each in accepted}
    hits = tuple(hit for hit in _hits(found, given.old, seen, reasons))
    tests = _tests(given)
    back = _way_back(given, len(found))
    touched = tuple(each.touched for each in found)
    return Evidence(
        verdict=worst(each.verdict for each in touched),
        criticality=most(each.criticality for each in touched),
        kinds=tuple(sorted({each.kind for each in touched})),
        changes=touched[:LISTED_MAX],
        left_off=max(0, len(touched) - LISTED_MAX),
        consumers=hits,
        shops=_shops(found, hits, given.old),
        promises=tuple(_promises(found, given.old)),
        tests=tests,
        rules=rules,
        rollback=back,
        blockers=tuple(_blockers(hits, tests, rules, back)),
    )


def _hits(found: Iterable[Difference], old: Landscape, seen: Seen, reasons: Mapping[str, str]) -> Iterator[Hit]:
    breaking = [each for each in found if each.touched.verdict == "breaking"]
    for consumer in old.consumers.values():
        calls = seen.get(consumer.id, {})
        told = [each for each in breaking if _is_hit(each, consumer, calls)]
        if not told:
            continue
        apis = {each.api for each in told if each.api is not None}
        operations = {each.broken.operation for each in told if each.broken is not None}
        yield Hit(
            consumer=consumer.id,
            owner=consumer.owner,
            contact=consumer.contact,
            shops=None if consumer.shops == "*" else tuple(consumer.shops or (consumer.shop,) if consumer.shop else ()),
            declared=bool(apis & _apis(consumer)) or not apis,
            calls=sum(
                count for name, count in calls.items() if not operations or name in operations or None in operations
            ),
            changes=tuple(f"{each.touched.path}: {each.touched.text}" for each in told[:REASONS_MAX]),
            accepted=reasons.get(consumer.id),
        )


def _is_hit(each: Difference, consumer: Consumer, calls: Mapping[str, int]) -> bool:
    """Whether a consumer relies on this, by what it may ask for or by what it was seen to ask for."""
    section, _, name = each.touched.path.partition(".")
    if each.api is not None:
        if each.broken is not None and each.broken.operation in calls:
            return True
        return each.api in _apis(consumer)
    if section == "consumers":
        return name == consumer.id
    if section == "events":
        return consumer.event_types == "*" or name in consumer.event_types
    if section == "shops":
        return consumer.shop == name or (consumer.shops not in {None, "*"} and name in (consumer.shops or ()))
    return False


def _apis(consumer: Consumer) -> set[str]:
    return {scope.split(":")[0] for scope in consumer.scopes}


def _shops(found: Iterable[Difference], hits: Iterable[Hit], old: Landscape) -> tuple[str, ...]:
    named = {each.touched.path.partition(".")[2] for each in found if each.touched.path.startswith("shops.")}
    for hit in hits:
        named |= set(old.shops) if hit.shops is None else set(hit.shops)
    return tuple(sorted(named))


def _promises(found: Iterable[Difference], old: Landscape) -> Iterator[Promise]:
    apis = {each.api for each in found if each.api is not None}
    for level in old.service_levels.values():
        if level.api in apis:
            yield Promise(service_level=level.id, api=level.api, target=level.target)


def _tests(given: Compared) -> Tests:
    """The tests of policies that came along, run against what is proposed."""
    outcomes = rehearse(given.new, tests_of(given.new_texts, given.new)).outcomes
    failed = tuple(f"{each.case.name}: {each.wrong}" for each in outcomes if each.wrong)
    return Tests(passed=len(outcomes) - len(failed), failed=failed)


def _way_back(given: Compared, changes: int) -> Rollback:
    """What is in force, built anew from what is kept of it, is what is in force; and the way back is as long."""
    try:
        again = landscape_of(given.old_texts)
    except TillwayError:
        return Rollback(builds=False, restores=False, changes=0)
    restores = again.hash == given.old.hash and len(differences(given.new, again)) == changes
    return Rollback(builds=True, restores=restores, changes=changes)


def _blockers(hits: Iterable[Hit], tests: Tests, rules: Rules | None, back: Rollback) -> Iterator[str]:
    for hit in hits:
        if hit.accepted is None:
            used = f"{hit.calls} calls in 30 days" if hit.calls else "declared"
            yield f"it breaks {hit.consumer} of {hit.owner} ({used}): {hit.changes[0]}"
    for failed in tests.failed:
        yield f"a test of policies fails: {failed}"
    for violation in () if rules is None else rules.violations:
        yield f"a house rule is not kept: {violation}"
    if not (back.builds and back.restores):
        yield "there is no proven way back to what is in force"
