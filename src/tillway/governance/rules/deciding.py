"""House rules on how changes are decided, on names, and on shops. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tillway.governance.rules.rule import Found, Subject, rule

_KEBAB: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_SECTIONS: Final = (
    "teams", "regions", "connections", "price_lists", "customers", "shops", "apis", "upstreams", "domains",
    "processes", "service_levels", "mappings", "consumers", "issuers", "subscriptions",
)  # fmt: skip


@rule(
    "board-without-voters",
    "error",
    sentence="Every role that votes on a board is given to people.",
    why="A board that nobody can sit on blocks every change, until somebody goes around it.",
    remedy="give the role to a group under `sign_in.roles`, or name another role",
    breaks="governance: {boards: {architecture: {roles: [elder]}}}\nroles: {elder: ['orders:read']}",
    keeps="governance: {boards: {architecture: {name: Architecture, roles: [architect]}}}",
)
def board_without_voters(subject: Subject) -> Iterator[Found]:
    """Boards can decide."""
    sign_in = subject.landscape.sign_in
    given = set(sign_in.roles.values()) if sign_in is not None else set()
    for board in subject.landscape.governance.boards.values():
        for index, role in enumerate(board.roles):
            if role not in given:
                yield Found(("governance", "boards", board.id, "roles", index), f"nobody is given the role {role!r}")


@rule(
    "breaking-without-board",
    "error",
    sentence="Where there are boards, one of them decides on breaking changes of what is critical.",
    why="The most dangerous change would be the one that no board is asked about.",
    remedy="add an approval with `verdicts: [breaking]` and `criticalities: [critical]`",
    breaks="governance: {approvals: []}",
    keeps="governance: {approvals: [{boards: [architecture], verdicts: [breaking]}]}",
)
def breaking_without_board(subject: Subject) -> Iterator[Found]:
    """Breaking changes are decided."""
    governance = subject.landscape.governance
    asked = any(
        "breaking" in each.verdicts and "critical" in each.criticalities and each.kinds is None
        for each in governance.approvals
    )
    if governance.boards and not asked:
        yield Found(("governance",), "no board is asked about breaking changes of every kind")


@rule(
    "freeze-over",
    "info",
    sentence="A freeze that is over is taken out.",
    why="A list of past freezes hides the one that matters.",
    remedy="take it out",
    breaks="governance: {freezes: [{begins: 2025-11-24, ends: 2025-12-01, reason: Black Friday}]}",
    keeps="governance: {freezes: [{begins: 2027-11-22, ends: 2027-11-29, reason: Black Friday}]}",
)
def freeze_over(subject: Subject) -> Iterator[Found]:
    """Freezes lie ahead."""
    for index, each in enumerate(subject.landscape.governance.freezes):
        if each.ends.isoformat()[:10] < subject.today.isoformat():
            yield Found(("governance", "freezes", index), f"it ended {each.ends.isoformat()[:10]}")


@rule(
    "name-style",
    "warning",
    sentence="Names are lower case, words parted by dashes.",
    why="One spelling can be searched for; names travel in URLs, tokens, metrics and file names.",
    remedy="rename it, e.g. web-shop; a consumer's or shop's name is known outside, so agree on it first",
    breaks="teams: {Sales_Crew: {name: S, contact: sales@nordwind.example}}\napis: {prices: {deputy: Sales_Crew}}",
    keeps="teams: {sales-crew: {name: S, contact: sales@nordwind.example}}\napis: {prices: {deputy: sales-crew}}",
)
def name_style(subject: Subject) -> Iterator[Found]:
    """Ids are kebab-case."""
    for section in _SECTIONS:
        for name in getattr(subject.landscape, section):
            if not _KEBAB.match(name):
                yield Found((section, name), f"{name!r} is not of lower case words parted by dashes")


@rule(
    "shop-without-region",
    "warning",
    sentence="Where there are regions, every shop belongs to one that is declared.",
    why="Policies and residency go by region: a shop without one is under no rule.",
    remedy="set `region` of the shop",
    breaks="shops: {berlin: {region: null}}",
    keeps="shops: {berlin: {region: north}}",
)
def shop_without_region(subject: Subject) -> Iterator[Found]:
    """Shops stand in regions."""
    held = subject.landscape
    for shop in held.shops.values():
        if held.regions and shop.region not in held.regions:
            yield Found(("shops", shop.id), "it belongs to no declared region")


RULES: Final = (board_without_voters, breaking_without_board, freeze_over, name_style, shop_without_region)
