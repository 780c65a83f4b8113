"""The token endpoint: looks up what the decision needs, lets it be decided, and uses up what may be used once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tillway import ids
from tillway.identity import devices
from tillway.identity.assertion import client_of, issuer_of
from tillway.identity.desk import Desk
from tillway.identity.devices import KnownDevice
from tillway.identity.foreign import Key, NotTrusted
from tillway.identity.issuers import Issuers
from tillway.identity.issuing import BEARER, issue, used_before
from tillway.identity.once import use
from tillway.identity.requesting import TokenAnswer, TokenRequest
from tillway.identity.restrictions import Restrictions
from tillway.identity.signing import SigningKeys
from tillway.landscape import Issuer, Landscape
from tillway.landscape.values import ID_PATTERN
from tillway.postgres import Database

_ID: Final = re.compile(ID_PATTERN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What is in force when a request is answered; `secrets` and `keys` are by consumer."""

    landscape: Landscape
    secrets: Mapping[str, str]
    keys: Mapping[str, Sequence[Key]]
    restrictions: Restrictions
    now: datetime


class TokenEndpoint:
    """Answers token requests of one process. Without `issuers` nobody else's tokens are believed."""

    def __init__(self, database: Database, keys: SigningKeys, issuers: Issuers | None = None) -> None:
        self._database = database
        self._keys = keys
        self._issuers = issuers

    async def answer(self, request: TokenRequest, rules: Rules) -> TokenAnswer:
        """The answer to one request. Unavailable when it depends on Postgres, and that does not answer."""
        desk = await self.desk(request, rules)
        made = issue(request, desk)
        for each in made.uses:
            if not await use(self._database, each):
                return used_before(made, each)
        return made

    async def desk(self, request: TokenRequest, rules: Rules) -> Desk:
        """All that a request's decision needs. Unavailable as `answer`."""
        form, landscape, now = dict(request.form), rules.landscape, rules.now
        return Desk(
            landscape=landscape,
            ring=self._keys.ring,
            realm=self._keys.realm,
            now=now,
            token_id=str(ids.new()),
            secrets=rules.secrets,
            keys=rules.keys,
            restrictions=rules.restrictions,
            device=await self._device(form, landscape, now),
            vouching=await self._vouching(form, landscape),
        )

    async def _device(self, form: Mapping[str, str], landscape: Landscape, now: datetime) -> KnownDevice | None:
        """The enrolled device that an assertion says it is of, if it is of no consumer."""
        try:
            name = client_of(form["client_assertion"])
        except (KeyError, NotTrusted):
            return None
        if name in landscape.consumers or not _ID.fullmatch(name):
            return None
        return await devices.known(self._database, name, now)

    async def _vouching(self, form: Mapping[str, str], landscape: Landscape) -> tuple[Issuer, Sequence[Key]] | None:
        """The declared issuer that an assertion says it is from, and its keys."""
        if form.get("grant_type") != BEARER or self._issuers is None:
            return None
        try:
            named = issuer_of(form["assertion"])
        except (KeyError, NotTrusted):
            return None
        issuer = next((each for each in landscape.issuers.values() if each.url == named), None)
        return None if issuer is None else (issuer, await self._issuers.keys(issuer, form["assertion"]))
