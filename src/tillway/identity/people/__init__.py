"""People: how they sign in with the retailer's own provider, the sessions that come of it, and the tokens of those."""

from __future__ import annotations

from tillway.identity.people.id_token import Proved
from tillway.identity.people.pending import (
    LIFE,
    Loopback,
    Pending,
    SignInRefused,
    Wish,
    begun,
    challenge,
    fresh,
    refused,
    reopened,
    sealed,
    wish,
)
from tillway.identity.people.provider import Provider
from tillway.identity.people.roles import belongs_to, is_person, person_id, roles_of, scopes_of
from tillway.identity.people.sessions import (
    IDLE,
    LONGEST,
    Kind,
    Session,
    end_session,
    forget_sessions,
    open_session,
    session,
    take,
)
from tillway.identity.people.suspending import SignedIn, resume, signed_in, suspend
from tillway.identity.people.tokens import PersonsToken, no_role, persons_token

__all__ = [
    "IDLE",
    "LIFE",
    "LONGEST",
    "Kind",
    "Loopback",
    "Pending",
    "PersonsToken",
    "Proved",
    "Provider",
    "Session",
    "SignInRefused",
    "SignedIn",
    "Wish",
    "begun",
    "belongs_to",
    "challenge",
    "end_session",
    "forget_sessions",
    "fresh",
    "is_person",
    "no_role",
    "open_session",
    "person_id",
    "persons_token",
    "refused",
    "reopened",
    "resume",
    "roles_of",
    "scopes_of",
    "sealed",
    "session",
    "signed_in",
    "suspend",
    "take",
    "wish",
]
