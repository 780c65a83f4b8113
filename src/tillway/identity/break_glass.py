"""Breaking the glass: a short token for all operations, for whoever is on the machine itself. Never a quiet one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from joserfc.jwk import ECKey

from tillway.identity.access import Act, tell
from tillway.identity.issuing import operator_token
from tillway.identity.restrictions import AccessChange
from tillway.postgres import Tx
from tillway.tokens import Realm

BREAK_GLASS: Final = "break-glass"
"""Who holds such a token, and whom its event is about."""

BREAK_GLASS_LIFETIME: Final = timedelta(minutes=15)
"""Long enough to mend what keeps people from signing in, too short to be left lying about."""


def break_glass(tx: Tx, act: Act, *, key: ECKey, realm: Realm, token_id: str) -> tuple[str, datetime]:
    """The token and its end. Hand it out only once the transaction, which tells of it, is committed."""
    ends = act.at + BREAK_GLASS_LIFETIME
    tell(tx, AccessChange(kind="token", id=token_id, state="opened", until=ends), act, subject=BREAK_GLASS)
    token = operator_token(
        key=key, realm=realm, now=act.at, token_id=token_id, lifetime=BREAK_GLASS_LIFETIME, holder=BREAK_GLASS
    )
    return token, ends
