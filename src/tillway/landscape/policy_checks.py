"""Do policies and networks fit the rest of a landscape? Pure; finds everything that does not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from tillway.landscape.landscape import Landscape
from tillway.landscape.policies import Named, PolicySet
from tillway.landscape.problem import Problem, meant
from tillway.masking import DATA_CLASSES

ELSEWHERE: Final = "elsewhere"
"""The label of every address that stands in none of the declared networks."""


def check_policies(landscape: Landscape, policies: PolicySet | None) -> tuple[Problem, ...]:
    """Findings on what policies name and on labels of networks; without policies on the labels alone."""
    named = () if policies is None else policies.named
    return (*_networks(landscape), *(problem for each in named for problem in _named(each, _known(landscape))))


def _known(landscape: Landscape) -> Mapping[str, Collection[str]]:
    """Ids by type of entity. People and operators are not declared one by one."""
    kinds = {"Machine": ("machine", "agent"), "Device": ("device",)}
    consumers = landscape.consumers.values()
    return {
        "Shop": landscape.shops,
        "Api": {*landscape.apis, *(api for api, _ in landscape.documents.apis)},
        "EventType": landscape.events,
        "DataClass": DATA_CLASSES,
    } | {name: {one.id for one in consumers if one.kind in told} for name, told in kinds.items()}


def _named(each: Named, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    if each.type in known and each.id not in known[each.type]:
        remedy = meant(each.id, known[each.type]) or "declare it, or leave the policy out"
        yield Problem(path=(), text=f'there is no {each.type}::"{each.id}"', remedy=remedy, mark=each.mark)


def _networks(landscape: Landscape) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for label, ranges in landscape.networks.items():
        if label == ELSEWHERE:
            text = "this label is kept for addresses of no declared network"
            yield Problem(path=("networks", label), text=text, remedy="call the network otherwise")
        for index, cidr in enumerate(ranges):
            if seen.setdefault(cidr, label) != label:
                text = f"{cidr} stands under {seen[cidr]!r} too"
                yield Problem(path=("networks", label, index), text=text, remedy="an address has one label; keep one")
