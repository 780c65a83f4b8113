"""House rules on who answers for what, and whether they can be reached. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tillway.governance.rules.rule import Found, Path, Subject, rule

# An address, a URL, or a number to call.
_REACHABLE: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|[a-z][a-z+.-]*://\S+|\+?[0-9][0-9 ()/.-]{4,}[0-9]")


def _answering(subject: Subject) -> Iterator[tuple[Path, Any]]:
    """Everything that somebody answers for, but consumers: those bring a contact of their own."""
    held = subject.landscape
    for name in ("apis", "events", "domains", "processes", "reconcile", "upstreams", "mappings", "extensions"):
        for key, entry in getattr(held, name).items():
            yield (name, key), entry
    for index, waiver in enumerate(held.governance.waivers):
        yield ("governance", "waivers", index), waiver


@rule(
    "owner-unknown",
    "error",
    sentence="Whoever owns, deputises or stewards something is a declared team.",
    why="An owner that is only a name cannot be asked, called or removed; at night nobody knows whose it is.",
    remedy="declare the team under `teams` with its contact, or name one that is declared",
    breaks="apis: {orders: {owner: somebody}}",
    keeps="apis: {orders: {owner: sales-it}}",
)
def owner_unknown(subject: Subject) -> Iterator[Found]:
    """Owner, deputy and steward of everything are teams."""
    unknown: dict[str, list[Path]] = {}
    for path, entry in _answering(subject):
        for role in ("owner", "deputy", "steward"):
            name = getattr(entry, role, None)
            if name is not None and name not in subject.landscape.teams:
                unknown.setdefault(name, []).append((*path, role))
    for name, paths in unknown.items():
        # One that `defaults` names stands in dozens of entries: it is one mistake.
        more = f", here and at {len(paths) - 1} more places" if paths[1:] else ""
        yield Found(paths[0], f"there is no team {name!r}{more}")


@rule(
    "contact-not-reachable",
    "error",
    sentence="A contact is an e-mail address, a URL or a number to call.",
    why="A contact that nobody can write to or call is none when a consumer misbehaves or a service is down.",
    remedy="write an address, a URL or a phone number",
    breaks="teams: {sales-it: {contact: ask Bob}}",
    keeps="teams: {sales-it: {contact: sales-it@nordwind.example}}",
)
def contact_not_reachable(subject: Subject) -> Iterator[Found]:
    """Contacts of teams and consumers can be used."""
    for team in subject.landscape.teams.values():
        for field, given in (("contact", team.contact), ("on_call", team.on_call)):
            if given is not None and not _REACHABLE.search(given):
                yield Found(("teams", team.id, field), f"{given!r} can neither be written to nor called")
    for one in subject.landscape.consumers.values():
        if not _REACHABLE.search(one.contact):
            yield Found(("consumers", one.id, "contact"), f"{one.contact!r} can neither be written to nor called")


@rule(
    "critical-without-on-call",
    "error",
    sentence="The owner of a critical interface can be reached at night.",
    why="Shops sell when offices are closed; what selling depends on needs somebody who is called.",
    remedy="add `on_call` to the owner's team, or give the interface to a team that has it",
    breaks="teams: {sales-it: {on_call: null}}",
    keeps='teams: {sales-it: {on_call: "+49 30 5550100"}}',
)
def critical_without_on_call(subject: Subject) -> Iterator[Found]:
    """Teams that own what is critical are on call."""
    for path, api in subject.apis():
        team = subject.landscape.teams.get(api.owner)
        if api.criticality == "critical" and team is not None and team.on_call is None:
            yield Found((*path, "owner"), f"it is critical, and the team {team.id!r} has no on_call")


@rule(
    "critical-without-deputy",
    "warning",
    sentence="A critical interface has a deputy other than its owner.",
    why="One team on holiday or dissolved must not leave checkout without anybody who decides.",
    remedy="name another team as `deputy`",
    breaks="apis: {orders: {deputy: sales-it}}",
    keeps="apis: {orders: {deputy: platform}}",
)
def critical_without_deputy(subject: Subject) -> Iterator[Found]:
    """Somebody else can decide."""
    for path, api in subject.offered():
        if api.criticality == "critical" and api.deputy is None:
            yield Found(path, "it is critical and has no deputy")
    for path, entry in _answering(subject):
        if getattr(entry, "deputy", None) == entry.owner:
            yield Found((*path, "deputy"), "the deputy is the owner")


@rule(
    "steward-missing",
    "warning",
    sentence="An interface that carries personal or payment data has a steward of its data.",
    why="Somebody must answer what a field means, how long it is kept and who may see it; operating it is another job.",
    remedy="name the team that answers for the data as `steward`",
    breaks="apis: {orders: {steward: null}}",
    keeps="apis: {orders: {steward: privacy}}",
)
def steward_missing(subject: Subject) -> Iterator[Found]:
    """Closed data has a steward."""
    for path, api in subject.offered():
        if api.data_class in {"personal", "payment", "secret"} and api.steward is None:
            yield Found(path, f"it carries {api.data_class} data and has no steward")


@rule(
    "team-without-duty",
    "info",
    sentence="A declared team answers for something.",
    why="Teams that own nothing any more are where the next owner will be looked up by mistake.",
    remedy="take the team out, or give it what it answers for",
    breaks="teams: {gone: {name: Gone, contact: gone@nordwind.example}}",
    keeps="teams: {}",
)
def team_without_duty(subject: Subject) -> Iterator[Found]:
    """Teams are named by something."""
    roles = ("owner", "deputy", "steward")
    named = {getattr(entry, role, None) for _, entry in _answering(subject) for role in roles}
    named |= {one.owner for one in subject.landscape.consumers.values()}
    for team in subject.landscape.teams.values():
        if team.id not in named:
            yield Found(("teams", team.id), "it answers for nothing")


RULES: Final = (
    owner_unknown,
    contact_not_reachable,
    critical_without_on_call,
    critical_without_deputy,
    steward_missing,
    team_without_duty,
)
