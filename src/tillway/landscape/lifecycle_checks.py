"""Do the versions of interfaces and their ends fit together? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from tillway import contracts
from tillway.contracts import Ending, EndingMember
from tillway.landscape.declared import Declared, refers
from tillway.landscape.landscape import Landscape
from tillway.landscape.lifecycle import ApiVersion, Brownout
from tillway.landscape.problem import Path, Problem


def lives(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    """Findings on every version of every interface."""
    offered = {f"{api.id}/{version}": life for api in landscape.apis.values() for version, life in api.versions.items()}
    for api in landscape.apis.values():
        for version, life in api.versions.items():
            here: Path = ("apis", api.id, "versions", version)
            yield from _days(here, life.deprecated, life.sunset)
            yield from _ending(here, life)
            yield from _successor(here, f"{api.id}/{version}", life, offered)
            for index, tester in enumerate(life.testers):
                yield from refers((*here, "testers", index), "consumer", tester, declared.of("consumers"))
            for index, brownout in enumerate(life.brownouts):
                yield from _brownout((*here, "brownouts", index), brownout)
            yield from _fields(here, api.id, version, life)


def _days(here: Path, deprecated: date | None, sunset: date | None) -> Iterator[Problem]:
    """RFC 9745 section 4: what ends is not told to end before it was told to be on its way out."""
    if deprecated is not None and sunset is not None and sunset < deprecated:
        yield Problem(path=(*here, "sunset"), text="lies before `deprecated`", remedy="exchange the two")


def _ending(here: Path, life: ApiVersion) -> Iterator[Problem]:
    if life.lifecycle == "deprecated" and life.deprecated is None:
        remedy = "say since when: deprecated: 2027-01-31; who called it before may call on"
        yield Problem(path=(*here, "deprecated"), text="is missing", remedy=remedy)
    if life.lifecycle == "draft" and (life.deprecated or life.sunset):
        yield Problem(
            path=(*here, "lifecycle"), text="a draft has no end yet", remedy="publish it, or leave its end out"
        )


def _successor(here: Path, own: str, life: ApiVersion, offered: Mapping[str, ApiVersion]) -> Iterator[Problem]:
    path = (*here, "successor")
    yield from refers(path, "version", life.successor, offered)
    if life.successor == own:
        yield Problem(path=path, text="it cannot follow itself", remedy="name another version")
    following = offered.get(life.successor or "")
    if following is not None and following.lifecycle in {"retired", "blocked"}:
        text = f"{life.successor} is {following.lifecycle} itself"
        yield Problem(path=path, text=text, remedy="name a version that may be called")


def _brownout(here: Path, brownout: Brownout) -> Iterator[Problem]:
    if _order(brownout.ends) < _order(brownout.begins):
        yield Problem(path=(*here, "ends"), text="lies before `begins`", remedy="exchange the two")


def _order(moment: date) -> str:
    """Days are compared with moments by their day alone: which moment a day is depends on the zone."""
    return moment.isoformat()[:10]


def _fields(here: Path, api: str, version: str, life: ApiVersion) -> Iterator[Problem]:
    document = contracts.load().apis.get((api, number(version)))
    for field, ending in life.fields.items():
        path = (*here, "fields", field)
        yield from _days(path, ending.deprecated, ending.sunset)
        operation, _, member = field.partition(":")
        wanted = EndingMember(operation=operation, path=member, ending=Ending())
        if document is not None and contracts.absent(document.content, (wanted,)):
            remedy = f"see /catalog/apis/{api}/{version}/openapi.json for what there is"
            yield Problem(path=path, text="the contract knows no such member", remedy=remedy)


def number(version: str) -> int:
    """2 of `v2`."""
    return int(version[1:])
