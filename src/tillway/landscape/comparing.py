"""Two landscapes compared: everything that changes, of which kind, what it means, and which consumers it hits. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import cedarpy
import msgspec

from tillway.contracts.compatibility import Change, Comparison, broken, compare, opened, parse
from tillway.landscape.differing import KINDS, Step, steps
from tillway.landscape.governing import ChangeKind, Verdict
from tillway.landscape.landscape import Landscape
from tillway.landscape.model import Consumer
from tillway.landscape.quotas import ALL_APIS, Quota
from tillway.landscape.values import Criticality

ORDER: Final[tuple[Verdict, ...]] = ("same", "additive", "breaking")
CRITICALITIES: Final[tuple[Criticality, ...]] = ("critical", "high", "normal", "low")

# What somebody may ask who has no quota; the front door's own words for it stand beside the field.
_NO_QUOTA: Final = Quota(per_second=1_000, burst=5_000)


class LandscapeChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a landscape. `path` is dotted, e.g. `consumers.web-shop.scopes`; in a contract it goes on with `#`.

    `consumers` are those it breaks, as far as the landscape declares; `criticality` is that of the interface behind it.
    """

    kind: ChangeKind
    verdict: Verdict
    path: str
    text: str
    consumers: tuple[str, ...] = ()
    criticality: Criticality | None = None
    contract: Change | None = None


class LandscapeComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The worst verdict, and every change, the worst first."""

    verdict: Verdict
    changes: tuple[LandscapeChange, ...]


def compare_landscapes(old: Landscape, new: Landscape) -> LandscapeComparison:
    """What becomes of a landscape."""
    before, after = (each.model_dump(mode="json") for each in (old, new))
    found: list[LandscapeChange] = []
    for section in before:
        if section == "contracts":
            found += _contracts(old, new)
        elif section == "policies":
            found += _policies(old, new)
        else:
            found += _section(section, before[section], after[section], old, new)
    found.sort(key=lambda each: (-ORDER.index(each.verdict), each.path))
    worst: Verdict = max((each.verdict for each in found), key=ORDER.index, default="same")
    return LandscapeComparison(verdict=worst, changes=tuple(found))


def _section(section: str, was: Any, becomes: Any, old: Landscape, new: Landscape) -> Iterator[LandscapeChange]:
    for step in steps((section,), was, becomes):
        if section == "consumers" and step.path[2:3] in {("quotas",), ("shops",), ("shop",)}:
            continue
        yield _change(step, old, new)
    if section == "consumers":
        for name in old.consumers.keys() & new.consumers.keys():
            for step in (
                *_quotas(old.consumers[name], new.consumers[name]),
                *_shops(old.consumers[name], new.consumers[name]),
            ):
                yield _change(step, old, new)


def _change(step: Step, old: Landscape, new: Landscape) -> LandscapeChange:
    section = step.path[0]
    kind: ChangeKind = "quota" if step.path[2:3] == ("quotas",) else KINDS.get(section, "governance")
    return LandscapeChange(
        kind=kind,
        verdict=step.verdict,
        path=".".join(step.path),
        text=step.text,
        consumers=tuple(sorted(_hit(step, old))) if step.verdict == "breaking" else (),
        criticality=_critical(step, old, new),
    )


def _hit(step: Step, old: Landscape) -> Iterable[str]:
    """Whom it breaks, as far as what was declared before says."""
    section, name = step.path[0], step.path[1] if len(step.path) > 1 else ""
    consumers = old.consumers.values()
    if section == "consumers":
        return [name] if name in old.consumers else []
    if section == "subscriptions":
        return [old.subscriptions[name].consumer] if name in old.subscriptions else []
    if section == "apis":
        return [each.id for each in consumers if any(scope.partition(":")[0] == name for scope in each.scopes)]
    if section == "service_levels":
        api = old.service_levels[name].api if name in old.service_levels else ""
        return [each.id for each in consumers if any(scope.partition(":")[0] == api for scope in each.scopes)]
    if section == "events":
        told = {each.consumer for each in old.subscriptions.values() if name in each.types}
        return told | {each.id for each in consumers if each.event_types == "*" or name in each.event_types}
    if section == "extensions":
        word = name.partition(".")[0]
        return [each.id for each in consumers if f"{word}s:read" in each.scopes or _is_told(each, f"{word}.changed")]
    if section == "shops":
        return [each.id for each in consumers if each.shops == "*" or name in (each.shops or ()) or each.shop == name]
    return []


def _is_told(consumer: Consumer, event_type: str) -> bool:
    return consumer.event_types == "*" or event_type in consumer.event_types


def _critical(step: Step, old: Landscape, new: Landscape) -> Criticality | None:
    section, name = step.path[0], step.path[1] if len(step.path) > 1 else ""
    apis = {**old.apis, **new.apis}
    named: set[str] = set()
    if section == "apis":
        named = {name}
    elif section == "extensions":
        named = {f"{name.partition('.')[0]}s"}
    elif section == "service_levels":
        named = {each.service_levels[name].api for each in (old, new) if name in each.service_levels}
    elif section == "consumers":
        entries = [each.consumers[name] for each in (old, new) if name in each.consumers]
        named = {scope.partition(":")[0] for entry in entries for scope in entry.scopes}
    return min((apis[each].criticality for each in named if each in apis), key=CRITICALITIES.index, default=None)


def _quotas(old: Consumer, new: Consumer) -> Iterator[Step]:
    """By what counts for each interface: its own quota, that of all, or the one that everybody has."""
    for api in sorted({*old.quotas, *new.quotas}):
        was, becomes = _quota(old, api), _quota(new, api)
        if was != becomes:
            wider = all(
                after is None or (before is not None and after >= before)
                for before, after in zip(_limits(was), _limits(becomes), strict=True)
            )
            text = f"may ask {'more' if wider else 'less, or otherwise'}: {_told(becomes)}, was {_told(was)}"
            yield Step(("consumers", old.id, "quotas", api), "additive" if wider else "breaking", text)


def _quota(consumer: Consumer, api: str) -> Quota:
    return consumer.quotas.get(api) or consumer.quotas.get(ALL_APIS) or _NO_QUOTA


def _limits(quota: Quota) -> tuple[float | None, float | None, float | None]:
    burst = quota.burst if quota.burst is not None else quota.per_second
    return quota.per_second, burst, quota.per_day


def _told(quota: Quota) -> str:
    named = quota.model_dump(exclude_none=True)
    return ", ".join(f"{name} {value:g}" for name, value in named.items())


def _shops(old: Consumer, new: Consumer) -> Iterator[Step]:
    """The shops it may touch; without a word, its own."""
    before, after = ({each.shop} - {None} if each.shops is None else each.shops for each in (old, new))
    if before != after:
        lost = [] if after == "*" else ["*"] if before == "*" else sorted({*before} - {*after}, key=str)
        text = f"loses shops: {', '.join(map(str, lost))}" if lost else "gains shops"
        if lost or before == "*" or after == "*" or {*before} != {*after}:
            yield Step(("consumers", old.id, "shops"), "breaking" if lost else "additive", text)
    if old.shop != new.shop:
        text = f"sells for {new.shop or 'no shop'} when a request names none, was {old.shop or 'none'}"
        yield Step(("consumers", old.id, "shop"), "additive" if old.shop is None else "breaking", text)


def _policies(old: Landscape, new: Landscape) -> Iterator[LandscapeChange]:
    """By id: a permit widens and a forbid narrows; one that changed is looked at as narrowing."""
    before, after = _statements(old), _statements(new)
    for name in sorted({*before, *after}):
        was, becomes = before.get(name), after.get(name)
        if was == becomes:
            continue
        verdict: Verdict = "breaking"
        text = "decides otherwise"
        if was is None or becomes is None:
            effect = str((was or becomes or {}).get("effect"))
            verdict = "additive" if (was is None) == (effect == "permit") else "breaking"
            text = f"is {'new' if was is None else 'gone'}: it {effect}s"
        elif _without_words(was) == _without_words(becomes):
            verdict, text = "same", "the reason it gives is another one"
        yield LandscapeChange(kind="policy", verdict=verdict, path=f"policies.{name}", text=text)


def _statements(landscape: Landscape) -> Mapping[str, dict[str, Any]]:
    """Cedar's own reading of each policy by its id: comments, order and spaces do not count."""
    found: dict[str, dict[str, Any]] = {}
    for text in landscape.policies.values():
        trees = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        found.update({str(tree["annotations"].get("id")): tree for tree in trees.values()})
    return found


def _without_words(tree: Mapping[str, Any]) -> dict[str, Any]:
    notes = {name: value for name, value in tree.get("annotations", {}).items() if name != "reason"}
    return {**tree, "annotations": notes}


def _contracts(old: Landscape, new: Landscape) -> Iterator[LandscapeChange]:
    for file in sorted({*old.contracts, *new.contracts}):
        was, becomes = old.contracts.get(file), new.contracts.get(file)
        if was == becomes:
            continue
        api = file.rpartition("/")[2].partition(".")[0]
        critical = next((each.apis[api].criticality for each in (old, new) if api in each.apis), None)
        if was is None or becomes is None:
            step = Step(
                ("apis", api),
                "additive" if was is None else "breaking",
                f"the contract is {'new' if was is None else 'gone'}",
            )
            hit = tuple(sorted(_hit(step, old))) if was is not None else ()
            yield LandscapeChange(
                kind="contract",
                verdict=step.verdict,
                path=f"contracts.{file}",
                text=step.text,
                consumers=hit,
                criticality=critical,
            )
            continue
        yield from _contract(file, parse(was, file), parse(becomes, file), old, critical)


def _contract(
    file: str, was: dict[str, Any], becomes: dict[str, Any], old: Landscape, critical: Criticality | None
) -> Iterator[LandscapeChange]:
    comparison: Comparison = compare(was, becomes)
    uses = {each.id: opened(was, each.scopes) for each in old.consumers.values()}
    hit = broken(comparison, uses)
    for each in comparison.changes:
        yield LandscapeChange(
            kind="contract",
            verdict=each.verdict,
            path=f"contracts.{file}#{each.pointer}",
            text=f"{each.operation}: {each.text}" if each.operation else each.text,
            consumers=tuple(sorted(name for name, changes in hit.items() if each in changes)),
            criticality=critical,
            contract=each,
        )
