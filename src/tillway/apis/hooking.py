"""Rules in back offices that tell of changes: looked at, installed and removed. Part of `operations.v1`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tillway import inbox
from tillway.apis.acts import reason
from tillway.errors import NotFound, TillwayError, report
from tillway.gateway import HOOKS, Answer, Ask, Handler
from tillway.inbox import Told, sources
from tillway.postgres import Database
from tillway.retail import Call, ChangeHook, Criticality, Office, Offices

# What makes a call of a back office ours, in its log.
_REFERENCE: Final = "change hooks"


def bind(db: Database, offices: Offices, hub: str) -> dict[str, Handler]:
    """The handlers. `hub` is the address that clients know."""
    hooks = _Hooks(db, offices, hub)
    return {"listHooks": hooks.list_hooks, "installHooks": hooks.install, "removeHooks": hooks.remove}


class _Hooks:
    def __init__(self, db: Database, offices: Offices, hub: str) -> None:
        self._db = db
        self._offices = offices
        self._hub = hub

    async def list_hooks(self, ask: Ask) -> Answer:
        told = await inbox.told(self._db)
        known = await sources.known(self._db)
        found = []
        for connection in ask.landscape.connections:
            mine = [each for each in told if each.connection == connection]
            found.append(await self._looked(ask, connection, mine, known))
        return Answer(200, {"hub": self._hub, "connections": found})

    async def install(self, ask: Ask) -> Answer:
        """The address is committed before it is handed out, and the ones before it go once all rules have it."""
        office, call = self._office(ask), _call(ask, self._office(ask))
        base = str(ask.body.get("address") or self._hub).rstrip("/") + HOOKS
        before = await office.hooks.look(call, self._hub)
        secret = _in_use(before, base, await sources.known(self._db), office.connection)
        if secret is None:
            async with self._db.transaction() as tx:
                secret = sources.make(tx, office.connection)
        address = base + secret
        changed = await office.hooks.install(call, self._hub, address)
        return await self._done(ask, office, call, changed, address, keep=(secret,))

    async def remove(self, ask: Ask) -> Answer:
        office = self._office(ask)
        call = _call(ask, office)
        changed = await office.hooks.remove(call, self._hub)
        return await self._done(ask, office, call, changed, None, keep=())

    async def _done(  # noqa: PLR0917 - what was done, in one go
        self, ask: Ask, office: Office, call: Call, changed: int, address: str | None, keep: tuple[str, ...]
    ) -> Answer:
        now = await office.hooks.look(call, self._hub, address)
        rules = _rules(each for each in now if address is not None or each.state != "missing")
        body = {"connection": office.connection, "changed": changed, "reason": reason(ask), "rules": rules}
        answer = Answer(200, body)
        async with ask.transaction(self._db) as tx:
            sources.forget(tx, office.connection, but=keep)
            ask.settle(tx, answer)
        return answer

    async def _looked(self, ask: Ask, connection: str, told: Sequence[Told], known: dict[bytes, str]) -> dict[str, Any]:
        found: dict[str, Any] = {"connection": connection, "problem": None, "rules": [], "told": _told(told)}
        try:
            office = self._offices.of(connection)
            hooks = await office.hooks.look(_call(ask, office), self._hub)
        except TillwayError as error:
            said = report(error)
            return found | {"problem": f"{said.detail}; {said.remedy}" if said.remedy else said.detail}
        stale = {each.name for each in hooks if each.address and _whose(each.address, known) != connection}
        return found | {"rules": _rules(hooks, stale)}

    def _office(self, ask: Ask) -> Office:
        connection = ask.path["connection"]
        if connection not in ask.landscape.connections:
            raise NotFound("the landscape declares no such connection", remedy="name one of its `connections`")
        return self._offices.of(connection)


def _call(ask: Ask, office: Office) -> Call:
    return Call(
        criticality=Criticality.NORMAL,
        deadline=ask.deadline,
        correlation=ask.correlation,
        reference=_REFERENCE,
        company=office.company,
    )


def _whose(address: str, known: dict[bytes, str]) -> str | None:
    return known.get(sources.digest(address.rpartition("/")[2]))


def _in_use(hooks: Sequence[ChangeHook], base: str, known: dict[bytes, str], connection: str) -> str | None:
    """The secret that rules over there post with already, if we know it and it stands in this very address."""
    for each in hooks:
        if each.address.startswith(base) and _whose(each.address, known) == connection:
            return each.address.removeprefix(base)
    return None


def _rules(hooks: Iterable[ChangeHook], stale: Iterable[str] = ()) -> list[dict[str, Any]]:
    """As told: without the address, which is a secret."""
    wrong = set(stale)
    return [
        {
            "name": each.name,
            "model": each.model,
            "domains": each.domains,
            "state": "different" if each.state == "in-place" and each.name in wrong else each.state,
            "detail": "it posts to an address that this hub does not know" if each.name in wrong else each.detail,
        }
        for each in hooks
    ]


def _told(told: Sequence[Told]) -> list[dict[str, Any]]:
    return [
        {"domain": each.domain, "heard": each.heard, "last_at": each.last_at, "taken_at": each.taken_at}
        for each in told
    ]
