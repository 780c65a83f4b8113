"""What changes between two landscapes, entry by entry and contract by contract. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import msgspec
import yaml

from tillway.contracts.compatibility import Change as Broken
from tillway.contracts.compatibility import Comparison, Unreadable, compare
from tillway.governance.change import Criticality, Touched
from tillway.landscape import ChangeKind, Landscape, Verdict

ORDER: Final[tuple[Verdict, ...]] = ("same", "additive", "breaking")
CRITICALITIES: Final[tuple[Criticality, ...]] = get_args(Criticality)
"""The most critical first."""

KINDS: Final[Mapping[str, ChangeKind]] = {
    "apis": "lifecycle",
    "consumers": "rights",
    "roles": "rights",
    "sign_in": "rights",
    "issuers": "rights",
    "policies": "policy",
    "networks": "policy",
    "connections": "connection",
    "upstreams": "connection",
    "outbound": "connection",
    "transport": "connection",
    "shops": "shop",
    "price_lists": "shop",
    "customers": "shop",
    "organisation": "shop",
    "regions": "shop",
    "events": "event",
    "subscriptions": "event",
    "service_levels": "service-level",
    "domains": "service-level",
    "processes": "service-level",
    "mappings": "contract",
    "contracts": "contract",
    "teams": "governance",
    "governance": "governance",
}

# Members that describe and that nobody relies on.
_DESCRIBES: Final = frozenset(
    {"name", "owner", "deputy", "steward", "contact", "purpose", "review", "reason", "on_call", "domain", "producer"}
)
_ABSENT: Final = object()
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Difference(msgspec.Struct, frozen=True):
    """One thing that changes, and for a contract what it breaks."""

    touched: Touched
    api: str | None = None
    broken: Broken | None = None


def differences(old: Landscape, new: Landscape) -> tuple[Difference, ...]:
    """Everything that changes, the worst first."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    found: list[Difference] = []
    for section in sorted({*before, *after}):
        if section == "contracts":
            found += _contracts(old, new)
        elif before.get(section) != after.get(section):
            found += _section(section, before.get(section), after.get(section), old, new)
    return tuple(sorted(found, key=_rank))


def worst(verdicts: Iterator[Verdict]) -> Verdict:
    """The worst of some verdicts."""
    return max(verdicts, key=ORDER.index, default="same")


def api_of(contract: str) -> str:
    """The interface that a contract's file is about: `orders` of `contracts/orders.v1.yaml`."""
    return contract.rpartition("/")[2].partition(".")[0]


def _rank(each: Difference) -> tuple[int, int, str]:
    touched = each.touched
    return (-ORDER.index(touched.verdict), CRITICALITIES.index(touched.criticality), touched.path)


def _section(section: str, before: Any, after: Any, old: Landscape, new: Landscape) -> Iterator[Difference]:
    if section in {"organisation", "defaults", "governance", "outbound", "transport", "sign_in"}:
        yield _difference(section, before, after, old, new)
        return
    for name in sorted({*(before or {}), *(after or {})}):
        was, becomes = (before or {}).get(name, _ABSENT), (after or {}).get(name, _ABSENT)
        if was != becomes:
            yield _difference(f"{section}.{name}", was, becomes, old, new)


def _difference(path: str, was: Any, becomes: Any, old: Landscape, new: Landscape) -> Difference:
    section, _, name = path.partition(".")
    verdict, text = _verdict(section, was, becomes)
    touched = Touched(
        path=path,
        kind=_kind(section, was, becomes),
        verdict=verdict,
        criticality=_critical(section, name, old, new),
        text=text,
    )
    return Difference(touched, name if section == "apis" else None)


def _kind(section: str, was: Any, becomes: Any) -> ChangeKind:
    if section == "consumers" and isinstance(was, dict) and isinstance(becomes, dict):
        rest = [{**each, "quotas": None} for each in (was, becomes)]
        if rest[0] == rest[1]:
            return "quota"
    return KINDS.get(section, "governance")


def _verdict(section: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    if was is _ABSENT or was is None:
        return ("breaking", "is new, and decides") if section == "policies" else ("additive", "is new")
    if becomes is _ABSENT or becomes is None:
        return "breaking", "is gone"
    if isinstance(was, dict) and isinstance(becomes, dict):
        changed = sorted(each for each in {*was, *becomes} if was.get(each) != becomes.get(each))
        text = f"changes: {', '.join(changed)}"
        if frozenset(changed) <= _DESCRIBES:
            return "same", text
        return ("additive" if all(_wider(was.get(each), becomes.get(each)) for each in changed) else "breaking"), text
    return ("additive", "is wider") if _wider(was, becomes) else ("breaking", "changes")


def _wider(was: Any, becomes: Any) -> bool:
    """Whether everything that was there still is."""
    if was == becomes or was is None or becomes == "*":
        return True
    if isinstance(was, list) and isinstance(becomes, list):
        return all(each in becomes for each in was)
    if isinstance(was, dict) and isinstance(becomes, dict):
        return all(name in becomes and _wider(each, becomes[name]) for name, each in was.items())
    return False


def _critical(section: str, name: str, old: Landscape, new: Landscape) -> Criticality:
    """How critical what is touched is: that of the interfaces behind it, the worst of all where it is about all."""
    apis = {**old.apis, **new.apis}
    if section == "apis":
        return apis[name].criticality
    if section in {"consumers", "service_levels"}:
        entries = [getattr(each, section).get(name) for each in (old, new)]
        if section == "consumers":
            named = {scope.split(":")[0] for each in entries if each is not None for scope in each.scopes}
        else:
            named = {each.api for each in entries if each is not None}
        return most(apis[each].criticality for each in named if each in apis)
    return most(each.criticality for each in apis.values())


def most(found: Iterator[Criticality]) -> Criticality:
    """The most critical of some; low when there are none."""
    return min(found, key=CRITICALITIES.index, default="low")


def _contracts(old: Landscape, new: Landscape) -> Iterator[Difference]:
    for file in sorted({*old.contracts, *new.contracts}):
        was, becomes = old.contracts.get(file), new.contracts.get(file)
        if was == becomes:
            continue
        api = api_of(file)
        critical = most(each.apis[api].criticality for each in (old, new) if api in each.apis)
        if was is None or becomes is None:
            verdict: Verdict = "additive" if was is None else "breaking"
            text = "is new" if was is None else "is gone"
            yield Difference(Touched(path=file, kind="contract", verdict=verdict, criticality=critical, text=text), api)
            continue
        for each in compared(was, becomes).changes:
            path = f"{file}#{each.pointer}"
            text = f"{each.operation}: {each.text}" if each.operation else each.text
            touched = Touched(path=path, kind="contract", verdict=each.verdict, criticality=critical, text=text)
            yield Difference(touched, api, each)


def compared(was: str, becomes: str) -> Comparison:
    """Two contracts, given as the text of their files. Raises Unreadable."""
    return compare(_document(was), _document(becomes))


def _document(text: str) -> Mapping[str, Any]:
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - safe in both its forms
    except yaml.YAMLError as error:
        raise Unreadable("a contract is not YAML", remedy="correct its syntax") from error
    if not isinstance(found, Mapping):
        raise Unreadable("a contract is a mapping", remedy="begin it with `openapi: 3.1.0`")
    return found
