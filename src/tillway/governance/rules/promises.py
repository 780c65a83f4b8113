"""House rules on what is promised and what a promise rests on: service levels, layers, who calls whom. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tillway.governance.rules.rule import Found, Subject, rule
from tillway.landscape import Api, Landscape

# Less than this is three hours a week without checkout.
CRITICAL_TARGET_MIN: Final = 0.99

_LAYERS: Final = {"system": 0, "process": 1, "experience": 2}
_URGENCY: Final = {"critical": 0, "high": 1, "normal": 2, "low": 3}


def _called(api: Api, landscape: Landscape) -> Iterator[tuple[int, Api]]:
    for index, name in enumerate(api.calls):
        if name in landscape.apis:
            yield index, landscape.apis[name]


@rule(
    "service-level-missing",
    "error",
    sentence="A critical or high interface promises its availability.",
    why="Without a promise nobody can say that it broke, and no alert has a threshold that anybody agreed to.",
    remedy="declare a service level with `indicator: availability`, or lower its criticality",
    breaks="service_levels: {orders-availability: null}",
    keeps="service_levels: {orders-availability: {name: Up, api: orders, indicator: availability, target: 0.999}}",
)
def service_level_missing(subject: Subject) -> Iterator[Found]:
    """Criticality comes with a service level."""
    promised = {each.api for each in subject.landscape.service_levels.values() if each.indicator == "availability"}
    for path, api in subject.offered():
        if api.criticality in {"critical", "high"} and api.id not in promised:
            yield Found(path, f"it is {api.criticality} and promises no availability")


@rule(
    "critical-without-latency",
    "warning",
    sentence="A critical interface promises how fast it answers.",
    why="A checkout that answers after thirty seconds is down for whoever stands at it.",
    remedy="declare a service level with `indicator: latency` and its threshold",
    breaks="service_levels: {orders-latency: null}",
    keeps="service_levels: {orders-latency:"
    " {name: L, api: orders, indicator: latency, target: 0.99, threshold_seconds: 1}}",
)
def critical_without_latency(subject: Subject) -> Iterator[Found]:
    """Critical interfaces have a promise of latency."""
    promised = {each.api for each in subject.landscape.service_levels.values() if each.indicator == "latency"}
    for path, api in subject.offered():
        if api.criticality == "critical" and api.id not in promised:
            yield Found(path, "it is critical and promises no latency")


@rule(
    "critical-promise-weak",
    "warning",
    sentence=f"A critical interface promises an availability of at least {CRITICAL_TARGET_MIN:.0%}.",
    why="A weaker promise allows hours a week in which shops cannot sell, and still counts as kept.",
    remedy="raise the target to what the business needs, or lower the criticality",
    breaks="service_levels: {orders-availability: {target: 0.9}}",
    keeps="service_levels: {orders-availability: {target: 0.999}}",
)
def critical_promise_weak(subject: Subject) -> Iterator[Found]:
    """Targets fit the criticality."""
    for each in subject.landscape.service_levels.values():
        api = subject.landscape.apis.get(each.api)
        weak = each.indicator == "availability" and each.target < CRITICAL_TARGET_MIN
        if api is not None and api.criticality == "critical" and weak:
            yield Found(("service_levels", each.id, "target"), f"{each.target:g} is little for what is critical")


@rule(
    "promise-above-dependency",
    "warning",
    sentence="No interface promises more availability than the interfaces it calls.",
    why="A chain is up when all of its links are; a promise above its weakest link is broken by design.",
    remedy="lower the target, raise that of the interface it calls, or stop calling it while somebody waits",
    breaks="service_levels: {miles-availability: {target: 0.9999}}",
    keeps="service_levels: {miles-availability: {target: 0.995}}",
)
def promise_above_dependency(subject: Subject) -> Iterator[Found]:
    """A promise is no better than what it rests on."""
    levels = subject.landscape.service_levels.values()
    targets = {each.api: each for each in levels if each.indicator == "availability"}
    for _, api in subject.apis():
        own = targets.get(api.id)
        for _, other in _called(api, subject.landscape):
            below = targets.get(other.id)
            if own is not None and below is not None and own.target > below.target:
                text = f"{own.target:g} is promised, and {other.id!r}, which it calls, promises {below.target:g}"
                yield Found(("service_levels", own.id, "target"), text)


@rule(
    "critical-calls-lower",
    "error",
    sentence="What an interface calls is as critical as itself.",
    why="A full door sheds by criticality: what is shed first would take what is critical with it.",
    remedy="raise the criticality of what is called, or stop calling it",
    breaks="apis: {prices: {calls: [erp, products]}}",
    keeps="apis: {prices: {calls: [erp]}}",
)
def critical_calls_lower(subject: Subject) -> Iterator[Found]:
    """Criticality does not fall along a call."""
    for path, api in subject.apis():
        for index, other in _called(api, subject.landscape):
            if _URGENCY[other.criticality] > _URGENCY[api.criticality]:
                text = f"{api.criticality}, it calls {other.id!r}, which is only {other.criticality}"
                yield Found((*path, "calls", index), text)


@rule(
    "experience-calls-erp",
    "error",
    sentence="An experience interface never calls an ERP directly.",
    why="It would bypass the canonical words, the budget that protects the ERP, and every rule of the layers below.",
    remedy="call the system interface that holds this data",
    breaks="apis: {pos: {calls: [erp]}}",
    keeps="apis: {pos: {calls: [orders]}}",
)
def experience_calls_erp(subject: Subject) -> Iterator[Found]:
    """Experience interfaces name no connection."""
    for path, api in subject.apis():
        for index, name in enumerate(api.calls):
            if api.layer == "experience" and name in subject.landscape.connections:
                yield Found((*path, "calls", index), f"it calls the connection {name!r}")


@rule(
    "layer-upwards",
    "error",
    sentence="Interfaces call downwards: experience, process, system.",
    why="A system interface that calls upwards cannot be changed, tested or restarted without what it should carry.",
    remedy="turn the call round, tell an event instead, or correct the layer",
    breaks="apis: {products: {calls: [miles]}}",
    keeps="apis: {miles: {calls: [products]}}",
)
def layer_upwards(subject: Subject) -> Iterator[Found]:
    """Nobody calls a layer above its own."""
    for path, api in subject.apis():
        for index, other in _called(api, subject.landscape):
            if _LAYERS[other.layer] > _LAYERS[api.layer]:
                text = f"a {api.layer} interface, it calls {other.id!r} of the layer {other.layer}"
                yield Found((*path, "calls", index), text)


@rule(
    "calls-in-circle",
    "error",
    sentence="Interfaces do not call each other in a circle.",
    why="In a circle one slow answer makes all of them slow, and none can be released alone.",
    remedy="cut the circle: move what both need into an interface below, or tell an event",
    breaks="apis: {prices: {calls: [prices]}}",
    keeps="apis: {prices: {calls: [erp]}}",
)
def calls_in_circle(subject: Subject) -> Iterator[Found]:
    """No path of calls leads back."""
    calls = {api.id: [other.id for _, other in _called(api, subject.landscape)] for _, api in subject.apis()}
    for path, api in subject.apis():
        if _leads_back(api.id, calls):
            yield Found((*path, "calls"), "its calls lead back to itself")


def _leads_back(start: str, calls: Mapping[str, list[str]]) -> bool:
    waiting, seen = [*calls[start]], set()
    while waiting:
        each = waiting.pop()
        if each == start:
            return True
        if each not in seen:
            seen.add(each)
            waiting += calls[each]
    return False


@rule(
    "upstream-not-called",
    "warning",
    sentence="An upstream answers an interface.",
    why="An address with a key that nothing uses is a way out that nobody watches.",
    remedy="name it as `upstream` of the interface it answers, or take it out",
    breaks="upstreams: {idle: {url: 'https://idle.nordwind.example', owner: platform}}",
    keeps="upstreams: {}",
)
def upstream_not_called(subject: Subject) -> Iterator[Found]:
    """Every upstream is used."""
    used = {name for _, api in subject.apis() for name in (api.upstream, *api.calls)}
    for each in subject.landscape.upstreams.values():
        if each.id not in used:
            yield Found(("upstreams", each.id), "no interface is answered by it")


RULES: Final = (
    service_level_missing,
    critical_without_latency,
    critical_promise_weak,
    promise_above_dependency,
    critical_calls_lower,
    experience_calls_erp,
    layer_upwards,
    calls_in_circle,
    upstream_not_called,
)
