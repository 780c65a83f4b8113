"""Breaking the glass on the machine itself: told of in audit and journal before anybody holds the token."""

from __future__ import annotations

import getpass
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from tillway import audit, clock, ids, settings
from tillway.app.hub import running
from tillway.app.sealed import unsealed
from tillway.audit import Entry
from tillway.identity import Act, SigningKeys
from tillway.identity import break_glass as broken
from tillway.masking import scrub
from tillway.postgres import Database
from tillway.tokens import Realm


async def break_glass(state: Path, reason: str) -> tuple[str, datetime]:
    """An operator's token for whoever may read the state directory, and its end. Misconfigured when no hub runs."""
    found = running(state)
    realm = Realm(issuer=found.base_url, audience=found.base_url)
    now, token_id, correlation = clock.now().replace(microsecond=0), str(ids.new()), ids.new()
    entry = Entry(
        kind_of="act",
        at=clock.now(),
        node=ids.new(),
        operation="breakGlass",
        status=200,
        network="loopback",
        release="-",
        principal="operator",
        kind="operator",
        actor="break-glass",
        api="operations",
        subject=token_id,
        correlation=str(correlation),
        personal=msgspec.json.encode({"reason": scrub(reason), "user": getpass.getuser()}).decode(),
    )
    async with Database(found.database_url, "break glass") as db:
        await unsealed(replace(settings.read(os.environ), state=state), db)
        keys = await SigningKeys.open(db, realm, now=now)
        act = Act(by="operator", reason=scrub(reason), at=now, correlation=str(correlation))
        async with db.transaction(closing=lambda: audit.staging(entry)) as tx:
            token, ends = broken(tx, act, key=keys.ring.signing, realm=realm, token_id=token_id)
    return token, ends
