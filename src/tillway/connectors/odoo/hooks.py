"""Automation rules that post to us: looked at, made, repaired and removed. They go by name, so repeating does no harm.

A rule and its action are made in one call, one transaction of Odoo's. Of the fields that a rule can post we ask for
none: what it says beyond the model's name is not looked at, and what is not sent cannot leak.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tillway.errors import Misconfigured
from tillway.retail import Call, ChangeHook
from tillway.retail.outside import ChangeHookState

from .classify import NotThere
from .client import WRITE, Json2
from .mapping.values import reference
from .watched import WATCHED, Watched

RULE: Final = "base.automation"
ACTION: Final = "ir.actions.server"

RULE_FIELDS: Final = ["name", "model_name", "trigger", "trigger_field_ids", "filter_domain", "active"]
ACTION_FIELDS: Final = ["base_automation_id", "state", "webhook_url", "webhook_field_ids"]

NAMED: Final = "Tillway:"
"""How the name of every rule of ours begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A rule as it should be in this Odoo: its ids looked up. `model` is None where the module is not installed."""

    watched: Watched
    name: str
    model: int | None
    fields: tuple[int, ...] = ()


class OdooHooks:
    """`retail.ChangeHooks` over one Odoo. The key's user needs the right to change settings there."""

    def __init__(self, odoo: Json2) -> None:
        self._odoo = odoo

    async def look(self, call: Call, hub: str, address: str | None = None) -> tuple[ChangeHook, ...]:
        """Every rule that there should be, and every one of ours beyond those."""
        found, actions = await self._found(call, hub)
        return tuple(hook for hook, _, _ in _judged(await self._wanted(call, hub), found, actions, address))

    async def install(self, call: Call, hub: str, address: str) -> int:
        """Have each rule there once, as it should be; how many were changed."""
        found, actions = await self._found(call, hub)
        wrong = [
            (wanted, rule)
            for hook, wanted, rule in _judged(await self._wanted(call, hub), found, actions, address)
            if hook.state not in {"in-place", "no-module"}
        ]
        # What is other than it should be is made anew: one way to write a rule, and no half of an old one left. All in
        # one call each: after every one of them Odoo's workers load their models again, which takes them seconds.
        gone = [rule for _, rule in wrong if rule is not None]
        if gone:
            await self._odoo.call(call, WRITE, RULE, "unlink", ids=gone)
        made = [_values(wanted, address) for wanted, _ in wrong if wanted is not None]
        if made:
            await self._odoo.call(call, WRITE, RULE, "create", vals_list=made)
        return len(wrong)

    async def remove(self, call: Call, hub: str) -> int:
        """Have none of ours there; how many were removed."""
        found, _ = await self._found(call, hub)
        if found:
            await self._odoo.call(call, WRITE, RULE, "unlink", ids=[row["id"] for row in found])
        return len(found)

    async def _found(self, call: Call, hub: str) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
        """Our rules, and the actions of each."""
        named = [["name", "=like", f"{NAMED} %"]]
        try:
            every = await self._odoo.search_read(call, RULE, named, RULE_FIELDS, archived=True, order="id")
        except NotThere as error:
            raise Misconfigured(
                "this Odoo has no automation rules",
                remedy="install its module base_automation, or go on without: changes are found by polling",
            ) from error
        rules = [row for row in every if row["name"].endswith(_mark(hub))]
        keys = [row["id"] for row in rules]
        actions: dict[int, list[dict[str, Any]]] = {key: [] for key in keys}
        if keys:
            theirs = [["base_automation_id", "in", keys]]
            for row in await self._odoo.search_read(call, ACTION, theirs, ACTION_FIELDS, archived=True, order="id"):
                actions[int(reference(row["base_automation_id"]) or 0)].append(row)
        return rules, actions

    async def _wanted(self, call: Call, hub: str) -> tuple[_Wanted, ...]:
        models = sorted({each.model for each in WATCHED})
        rows = await self._odoo.search_read(call, "ir.model", [["model", "in", models]], ["model"])
        known = {row["model"]: row["id"] for row in rows}
        names = sorted({field for each in WATCHED for field in each.fields})
        fields = await self._odoo.search_read(
            call, "ir.model.fields", [["model", "in", models], ["name", "in", names]], ["model", "name"]
        )
        ids = {(row["model"], row["name"]): row["id"] for row in fields}
        return tuple(
            _Wanted(
                watched=each,
                name=f"{NAMED} {each.what}{_mark(hub)}",
                model=known.get(each.model),
                fields=tuple(sorted(ids[each.model, name] for name in each.fields if (each.model, name) in ids)),
            )
            for each in WATCHED
        )


def _mark(hub: str) -> str:
    """What of a rule's name says whose it is."""
    return f" ({hub.rstrip('/')})"


def _values(wanted: _Wanted, address: str) -> dict[str, Any]:
    action = {
        "name": wanted.name,
        "model_id": wanted.model,
        "state": "webhook",
        "webhook_url": address,
        "webhook_field_ids": [[6, 0, []]],
        "usage": "base_automation",
    }
    return {
        "name": wanted.name,
        "model_id": wanted.model,
        "trigger": wanted.watched.trigger,
        "trigger_field_ids": [[6, 0, list(wanted.fields)]],
        "filter_domain": wanted.watched.only or False,
        "action_server_ids": [[0, 0, action]],
    }


def _judged(
    wanted: Sequence[_Wanted],
    found: Sequence[Mapping[str, Any]],
    actions: Mapping[int, Sequence[Mapping[str, Any]]],
    address: str | None,
) -> Iterator[tuple[ChangeHook, _Wanted | None, int | None]]:
    """Each place and each rule with how it stands: what should be there (None: nothing), and what is (None)."""
    by_name = {each.name: each for each in wanted}
    seen: set[str] = set()
    for row in found:
        each, posts = by_name.get(row["name"]), actions[row["id"]]
        posting = next((str(post["webhook_url"]) for post in posts if post["webhook_url"]), "")
        if each is None or row["name"] in seen:
            state: ChangeHookState = "leftover" if each is None else "doubled"
            domains = () if each is None else each.watched.domains
            model = str(row["model_name"] or "")
            yield (
                ChangeHook(name=row["name"], model=model, domains=domains, state=state, address=posting),
                None,
                row["id"],
            )
            continue
        seen.add(row["name"])
        wrong = _wrong(each, row, posts, address)
        off = not row["active"]
        yield (
            ChangeHook(
                name=each.name,
                model=each.watched.model,
                domains=each.watched.domains,
                state="switched-off" if off else ("different" if wrong else "in-place"),
                detail="it is switched off" if off else wrong,
                address=posting,
            ),
            each,
            row["id"],
        )
    for each in wanted:
        if each.name not in seen:
            yield _absent(each), each if each.model is not None else None, None


def _absent(each: _Wanted) -> ChangeHook:
    there = each.model is not None
    return ChangeHook(
        name=each.name,
        model=each.watched.model,
        domains=each.watched.domains,
        state="missing" if there else "no-module",
        detail="" if there else f"the module {each.watched.module} is not installed",
    )


def _wrong(wanted: _Wanted, row: Mapping[str, Any], posts: Sequence[Mapping[str, Any]], address: str | None) -> str:
    """What of a rule is not as it should be; empty when nothing is."""
    if (row["model_name"], row["trigger"]) != (wanted.watched.model, wanted.watched.trigger):
        return "it watches something else"
    if sorted(row["trigger_field_ids"]) != list(wanted.fields) or (row["filter_domain"] or "") != wanted.watched.only:
        return "it watches other fields"
    if len(posts) != 1 or posts[0]["state"] != "webhook":
        return "it does something else than to tell us"
    if posts[0]["webhook_field_ids"]:
        return "it sends data with what it tells"
    if address is not None and posts[0]["webhook_url"] != address:
        return "it posts to another address"
    return ""
