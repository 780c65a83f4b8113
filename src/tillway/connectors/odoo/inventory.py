"""What integrates with an Odoo already: keys, service accounts, automations, crons, server actions, webhooks, modules.

Only reads, and only what the key's user may see; what it may not is said. What came with a module is nobody's secret,
so crons and server actions are told only where no module brought them: by their external id, which everybody may ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tillway.errors import Forbidden, Poison
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2
from .mapping.values import label, text

LISTED: Final = 2_000
"""Entries of one kind; an Odoo with more has other worries."""

CONNECTING: Final = re.compile(
    r"(?:^|_)(?:connector|connect|edi|sync|queue|webhook|webhooks|fastapi|graphql|rest|restful|shopify|magento|woo|"
    r"woocommerce|prestashop|shopware|amazon|ebay|zalando|bol|marketplace|easypost|sendcloud|klarna|mollie|zapier)(?:_|$)"
)
"""Words in names of modules that tie an Odoo to something else."""

_BY_HAND: Final = frozenset({"", "__export__", "__import__", "__custom__", "studio_customization"})
"""Modules of external ids that no module brought: exported, imported, or clicked together."""

_AUTHOR: Final = "odoo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One thing over there that somebody set up to integrate."""

    kind: str
    """api-key, service-account, automation, cron, server-action, webhook or module."""
    id: str
    """Its id there, as `model,id`."""
    name: str
    detail: Mapping[str, Any]
    """What helps to find out whose it is. Nothing secret: of addresses only the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What was found, and what could not be looked at (model and why)."""

    integrations: tuple[Integration, ...]
    taxes: tuple[Mapping[str, Any], ...]
    payment_methods: tuple[Mapping[str, Any], ...]
    unseen: tuple[str, ...]


async def inventory(odoo: Json2, call: Call) -> Inventory:
    """Look at everything; what may not be seen, or is not installed, stops nothing."""
    look = _Look(odoo, call)
    users = await look.rows("res.users", ["login", "name", "share", "login_date"], active=True)
    keys = await look.rows("res.users.apikeys", ["name", "user_id", "scope", "create_date", "expiration_date"])
    found = [
        *(_key(row) for row in keys),
        *_accounts(users, keys),
        *await _automations(look),
        *await _crons(look),
        *await _actions(look),
        *await _modules(look),
    ]
    taxes = await look.rows("account.tax", ["name", "amount", "amount_type", "type_tax_use", "company_id"], active=True)
    methods = await look.rows("pos.payment.method", ["name", "type", "company_id"], active=True)
    return Inventory(
        integrations=tuple(found),
        taxes=tuple(_tax(row) for row in taxes if row["type_tax_use"] == "sale"),
        payment_methods=tuple(
            {"id": row["id"], "name": row["name"], "type": row["type"], "company": label(row["company_id"])}
            for row in methods
        ),
        unseen=tuple(look.unseen),
    )


class _Look:
    def __init__(self, odoo: Json2, call: Call) -> None:
        self._odoo = odoo
        self._call = call
        self.unseen: list[str] = []

    async def rows(
        self, model: str, fields: list[str], domain: Iterable[Any] = (), *, active: bool = False
    ) -> list[dict[str, Any]]:
        """Rows of a model, archived ones as well unless only the `active` are asked for."""
        try:
            return await self._odoo.search_read(
                self._call, model, list(domain), fields, archived=not active, order="id", limit=LISTED
            )
        except NotThere:
            return []
        except Forbidden:
            self.unseen.append(f"{model}: the key's user may not read it")
        except Poison:
            self.unseen.append(f"{model}: this version calls its fields otherwise")
        return []

    async def by_hand(self, model: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that no module brought."""
        if not rows:
            return []
        named = await self._odoo.call(self._call, READ, model, "get_external_id", ids=[row["id"] for row in rows])
        return [row for row in rows if named.get(str(row["id"]), "").partition(".")[0] in _BY_HAND]


def _key(row: Mapping[str, Any]) -> Integration:
    return Integration(
        kind="api-key",
        id=f"res.users.apikeys,{row['id']}",
        name=row["name"],
        detail={
            "user": label(row["user_id"]),
            "scope": text(row["scope"]) or "everything",
            "made": text(row["create_date"]),
            "expires": text(row["expiration_date"]) or "never",
        },
    )


def _accounts(users: list[dict[str, Any]], keys: list[dict[str, Any]]) -> list[Integration]:
    """Users whom nobody ever signed in as though they have keys."""
    holding = {row["user_id"][0] for row in keys if row["user_id"]}
    return [
        Integration(
            kind="service-account",
            id=f"res.users,{row['id']}",
            name=row["name"],
            detail={"login": row["login"], "last_sign_in": "never", "share": row["share"]},
        )
        for row in users
        if row["id"] in holding and not row["login_date"]
    ]


async def _automations(look: _Look) -> list[Integration]:
    rows = await look.rows("base.automation", ["name", "model_id", "trigger", "active"])
    return [
        Integration(
            kind="webhook" if row["trigger"] == "on_webhook" else "automation",
            id=f"base.automation,{row['id']}",
            name=row["name"],
            detail={
                "model": label(row["model_id"]),
                "trigger": row["trigger"],
                "active": row["active"],
                **({"direction": "in"} if row["trigger"] == "on_webhook" else {}),
            },
        )
        for row in await look.by_hand("base.automation", rows)
    ]


async def _crons(look: _Look) -> list[Integration]:
    rows = await look.rows("ir.cron", ["name", "active", "interval_number", "interval_type", "model_id", "user_id"])
    return [
        Integration(
            kind="cron",
            id=f"ir.cron,{row['id']}",
            name=row["name"],
            detail={
                "model": label(row["model_id"]),
                "every": f"{row['interval_number']} {row['interval_type']}",
                "as_user": label(row["user_id"]),
                "active": row["active"],
            },
        )
        for row in await look.by_hand("ir.cron", rows)
    ]


async def _actions(look: _Look) -> list[Integration]:
    fields = ["name", "state", "model_id", "webhook_url", "create_uid", "usage"]
    rows = await look.rows("ir.actions.server", fields, [["state", "in", ["code", "webhook"]]])
    # A cron is an action too, and told as what it is.
    rows = [row for row in rows if row["usage"] != "ir_cron"]
    return [_action(row) for row in await look.by_hand("ir.actions.server", rows)]


def _action(row: Mapping[str, Any]) -> Integration:
    outgoing = row["state"] == "webhook"
    # The path of a webhook's address is its secret.
    host = urlsplit(text(row["webhook_url"]) or "").hostname
    return Integration(
        kind="webhook" if outgoing else "server-action",
        id=f"ir.actions.server,{row['id']}",
        name=row["name"],
        detail={
            "model": label(row["model_id"]),
            "made_by": label(row["create_uid"]),
            **({"direction": "out", "host": host or "unknown"} if outgoing else {}),
        },
    )


async def _modules(look: _Look) -> list[Integration]:
    rows = await look.rows("ir.module.module", ["name", "shortdesc", "author"], [["state", "=", "installed"]])
    return [
        Integration(
            kind="module",
            id=f"ir.module.module,{row['id']}",
            name=row["name"],
            detail={"title": row["shortdesc"], "author": text(row["author"]) or "unknown"},
        )
        for row in rows
        if not (text(row["author"]) or "").lower().startswith(_AUTHOR) or CONNECTING.search(row["name"])
    ]


def _tax(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "amount": f"{row['amount']} {row['amount_type']}",
        "company": label(row["company_id"]),
    }
