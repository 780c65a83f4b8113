"""House rules on the life of interfaces: what ends is announced, has a successor, and ends. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from tillway.governance.rules.rule import Found, Path, Subject, rule
from tillway.landscape import Api, ApiVersion

# A partner's release needs a quarter.
NOTICE_DAYS_MIN: Final = 90

_USABLE: Final = frozenset({"published"})


def _versions(subject: Subject) -> Iterator[tuple[Path, Api, str, ApiVersion]]:
    for path, api in subject.apis():
        for name, version in api.versions.items():
            yield (*path, "versions", name), api, name, version


_DEPRECATED = "{lifecycle: deprecated, deprecated: 2026-09-01, sunset: 2027-03-01, successor: miles/v1}"


@rule(
    "deprecated-without-successor",
    "error",
    sentence="What is deprecated names its successor.",
    why="Told only to leave, consumers stay: they cannot plan for what they do not know.",
    remedy="add `successor`, e.g. orders/v2",
    breaks="apis: {prices: {versions: {v1: {lifecycle: deprecated, deprecated: 2026-09-01, sunset: 2027-03-01}}}}",
    keeps=f"apis: {{prices: {{versions: {{v1: {_DEPRECATED}}}}}}}",
)
def deprecated_without_successor(subject: Subject) -> Iterator[Found]:
    """Versions and fields that end say what comes."""
    for path, _, _, version in _versions(subject):
        if version.lifecycle == "deprecated" and version.successor is None:
            yield Found(path, "it is deprecated and names no successor")
        for name, field in version.fields.items():
            if field.successor is None:
                yield Found((*path, "fields", name), "it is deprecated, and what to use instead is not said")


@rule(
    "deprecated-without-sunset",
    "warning",
    sentence="What is deprecated says since when, and when it ends.",
    why="Without a day nobody moves, and the version is kept for ever.",
    remedy="add `deprecated` and `sunset`",
    breaks="apis: {prices: {versions: {v1: {lifecycle: deprecated, deprecated: 2026-09-01, successor: miles/v1}}}}",
    keeps=f"apis: {{prices: {{versions: {{v1: {_DEPRECATED}}}}}}}",
)
def deprecated_without_sunset(subject: Subject) -> Iterator[Found]:
    """An end has a day."""
    for path, _, _, version in _versions(subject):
        if version.lifecycle == "deprecated" and (version.sunset is None or version.deprecated is None):
            yield Found(path, "it is deprecated without the days of its beginning and its end")


@rule(
    "sunset-too-soon",
    "error",
    sentence=f"Between deprecation and sunset lie at least {NOTICE_DAYS_MIN} days.",
    why="Partners release when they can; a shorter notice cuts off somebody who did nothing wrong.",
    remedy="set a later `sunset`",
    breaks="apis: {prices: {versions: {v1: {lifecycle: deprecated, deprecated: 2026-11-01, sunset: 2026-12-01,"
    " successor: miles/v1}}}}",
    keeps=f"apis: {{prices: {{versions: {{v1: {_DEPRECATED}}}}}}}",
)
def sunset_too_soon(subject: Subject) -> Iterator[Found]:
    """Notice is given in time."""
    for path, _, _, version in _versions(subject):
        if _too_soon(version.deprecated, version.sunset):
            yield Found((*path, "sunset"), f"{version.sunset} is too soon after {version.deprecated}")
        for name, field in version.fields.items():
            if _too_soon(field.deprecated, field.sunset):
                yield Found((*path, "fields", name, "sunset"), f"{field.sunset} is too soon after {field.deprecated}")


def _too_soon(deprecated: date | None, sunset: date | None) -> bool:
    return deprecated is not None and sunset is not None and (sunset - deprecated).days < NOTICE_DAYS_MIN


@rule(
    "sunset-passed",
    "warning",
    sentence="A version whose sunset has passed is retired.",
    why="A day that passes without anything happening teaches consumers to ignore the next one.",
    remedy="retire it, or set the sunset anew and tell its consumers",
    breaks="apis: {prices: {versions: {v1: {lifecycle: deprecated, deprecated: 2026-01-01, sunset: 2026-10-01,"
    " successor: miles/v1}}}}",
    keeps=f"apis: {{prices: {{versions: {{v1: {_DEPRECATED}}}}}}}",
)
def sunset_passed(subject: Subject) -> Iterator[Found]:
    """What should be gone is gone."""
    for path, _, _, version in _versions(subject):
        if version.sunset is not None and version.sunset < subject.today and version.lifecycle != "retired":
            yield Found((*path, "sunset"), f"its sunset was {version.sunset}, and it is {version.lifecycle}")


@rule(
    "successor-not-usable",
    "error",
    sentence="A successor is published.",
    why="Consumers who follow the link would arrive at something that refuses them, or ends as well.",
    remedy="publish the successor first, or name another",
    breaks="apis: {prices: {versions: {v1: {lifecycle: deprecated, deprecated: 2026-09-01, sunset: 2027-03-01,"
    " successor: miles/v1}}}, miles: {versions: {v1: {lifecycle: draft, testers: [webshop]}}}}",
    keeps=f"apis: {{prices: {{versions: {{v1: {_DEPRECATED}}}}}}}",
)
def successor_not_usable(subject: Subject) -> Iterator[Found]:
    """Successors can be used."""
    for path, _, _, version in _versions(subject):
        name, _, major = (version.successor or "").partition("/")
        api = subject.landscape.apis.get(name)
        if version.successor is None:
            continue
        if api is None or major not in api.versions:
            yield Found((*path, "successor"), f"{version.successor} is not declared")
        elif api.versions[major].lifecycle not in _USABLE:
            yield Found((*path, "successor"), f"{version.successor} is {api.versions[major].lifecycle}")


@rule(
    "draft-without-testers",
    "warning",
    sentence="A draft names its testers, and nothing else does.",
    why="A draft that nobody may call is never tried; testers of what is published mean nothing.",
    remedy="name consumers in `testers`, or take them out",
    breaks="apis: {prices: {versions: {v1: {lifecycle: draft}}}}",
    keeps="apis: {prices: {versions: {v1: {lifecycle: draft, testers: [desk]}}}}",
)
def draft_without_testers(subject: Subject) -> Iterator[Found]:
    """Drafts are tried by somebody."""
    for path, _, _, version in _versions(subject):
        if (version.lifecycle == "draft") != bool(version.testers):
            named = "and names testers" if version.testers else "and nobody may try it"
            yield Found(path, f"it is {version.lifecycle} {named}")


@rule(
    "brownout-unannounced",
    "error",
    sentence="Only what is deprecated is rehearsed away, before its sunset and outside every freeze.",
    why="A rehearsal of something that nobody was told of is an outage; in a freeze it is one on the busiest day.",
    remedy="deprecate the version first, and choose a time before its sunset outside `governance.freezes`",
    breaks="apis: {prices: {versions: {v1: {brownouts: [{begins: 2026-12-01T10:00:00+01:00,"
    " ends: 2026-12-01T10:10:00+01:00}]}}}}",
    keeps="apis: {prices: {versions: {v1: {brownouts: []}}}}",
)
def brownout_unannounced(subject: Subject) -> Iterator[Found]:
    """Rehearsals are announced and come at a quiet time."""
    freezes = [(_day(each.begins), _day(each.ends)) for each in subject.landscape.governance.freezes]
    for path, _, _, version in _versions(subject):
        for index, each in enumerate(version.brownouts):
            here, day = (*path, "brownouts", index), _day(each.begins)
            if version.lifecycle != "deprecated" or (version.deprecated is not None and day < version.deprecated):
                yield Found(here, "it is rehearsed away and not deprecated by then")
            if any(begins <= day <= ends for begins, ends in freezes):
                yield Found(here, "it lies in a freeze")


def _day(moment: date) -> date:
    return date.fromisoformat(moment.isoformat()[:10])


@rule(
    "retired-with-scopes",
    "warning",
    sentence="Nobody holds scopes of an interface of which nothing answers any more.",
    why="They come to life again with the next version, and nobody decided that.",
    remedy="take the scopes out, then the interface",
    breaks="apis: {prices: {versions: {v1: {lifecycle: retired}}}}",
    keeps="apis: {prices: {versions: {v1: {lifecycle: published}}}}",
)
def retired_with_scopes(subject: Subject) -> Iterator[Found]:
    """Rights end with what they were for."""
    gone = {api.id for _, api in subject.apis() if all(each.lifecycle == "retired" for each in api.versions.values())}
    for one in subject.landscape.consumers.values():
        for index, scope in enumerate(one.scopes):
            if scope.partition(":")[0] in gone:
                yield Found(("consumers", one.id, "scopes", index), f"nothing of {scope.partition(':')[0]!r} answers")


@rule(
    "version-without-document",
    "error",
    sentence="Every version that answers has its OpenAPI document.",
    why="Without a document nothing is bound, checked or told: consumers would build against a rumour.",
    remedy="add contracts/<interface>.v<n>.yaml, or take the version out",
    breaks="apis: {ghost: {layer: system, owner: sales-it, domain: selling, criticality: normal, data_class: public}}",
    keeps="apis: {ghost: null}",
)
def version_without_document(subject: Subject) -> Iterator[Found]:
    """What is declared is promised."""
    known = set(subject.promised) | {(each.api, each.version) for each in subject.contracts}
    for path, api, name, version in _versions(subject):
        if version.lifecycle != "retired" and (api.id, int(name.removeprefix("v"))) not in known:
            yield Found(path, f"there is no document of {api.id}/{name}")


RULES: Final = (
    deprecated_without_successor,
    deprecated_without_sunset,
    sunset_too_soon,
    sunset_passed,
    successor_not_usable,
    draft_without_testers,
    brownout_unannounced,
    retired_with_scopes,
    version_without_document,
)
