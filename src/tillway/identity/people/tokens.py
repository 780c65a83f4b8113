"""The access token of somebody who is signed in: short, for what their roles allow now, and tied to their session."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from joserfc.jwk import ECKey

from tillway import ids
from tillway.errors import Forbidden
from tillway.identity.people.roles import PERSON, roles_of, scopes_of
from tillway.identity.people.sessions import TOKEN_LIFETIME, Session
from tillway.landscape import Landscape
from tillway.tokens import Claims, Realm, sign


class PersonsToken(NamedTuple):
    """A token as it is handed out."""

    token: str
    token_id: str
    scopes: tuple[str, ...]
    expires_at: datetime

    @property
    def named(self) -> dict[str, Any]:
        """What may be put down of it."""
        return {"token_id": self.token_id, "scopes": self.scopes}


def persons_token(session: Session, landscape: Landscape, *, key: ECKey, realm: Realm, now: datetime) -> PersonsToken:
    """A token for everything that the roles allow. Forbidden when there is nothing."""
    roles = roles_of(session.belongs_to, landscape)
    scopes = tuple(sorted(scopes_of(roles, landscape)))
    if not scopes:
        raise no_role()
    ends = min(now + TOKEN_LIFETIME, session.ends_at)
    claims = Claims(
        issuer=realm.issuer,
        audience=realm.audience,
        subject=session.person,
        client_id=session.person,
        kind=PERSON,
        scopes=scopes,
        issued_at=now,
        expires_at=ends,
        token_id=str(ids.new()),
        roles=roles,
        auth_time=session.auth_time,
        acr=session.acr,
        session=str(session.id),
    )
    return PersonsToken(sign(claims, key), claims.token_id, scopes, ends)


def no_role() -> Forbidden:
    """The refusal of somebody who is known and may do nothing here."""
    remedy = "ask to be put into a group that sign_in.roles of the landscape names"
    return Forbidden("none of your groups has a role here", remedy=remedy)
