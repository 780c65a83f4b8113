"""Calls on behalf of another (token exchange, RFC 8693): a token of the subject for one that the actor holds. Pure.

Never more than either has now, never longer than the subject's own token, never a second time: a token that somebody
acts with is not exchanged again. A machine acts for machines and devices, for no person and no operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tillway.identity.desk import Client, Desk
from tillway.identity.requesting import Refusal
from tillway.tokens import BadToken, Claims, verify

EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name of a type
SUBJECTS: Final = frozenset({"machine", "agent", "device"})

_WITHOUT: Final = ("actor_token", "actor_token_type")


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegation:
    """What the subject hands on at most: who it is, which scopes, until when."""

    subject: str
    kind: str
    shop: str | None
    scopes: tuple[str, ...]
    until: datetime


def delegation(form: Mapping[str, str], actor: Client, desk: Desk) -> Delegation:
    """What this client may ask for on behalf of the subject whose token it brings. Refusal otherwise."""
    _asked_rightly(form, actor, desk)
    try:
        subject = verify(form["subject_token"], desk.ring.keys, desk.realm, desk.now)
    except BadToken as error:
        raise _invalid(f"the subject_token is not accepted: {error.detail}", actor) from error
    if subject.actor is not None:
        raise _invalid("a token that somebody acts with is not exchanged again", actor)
    if subject.kind not in SUBJECTS or actor.consumer.kind not in SUBJECTS:
        raise _invalid("a machine acts for machines and devices only", actor)
    if subject.subject not in actor.consumer.acts_for:
        raise Refusal("unauthorized_client", "this client may not act for that subject", consumer=actor.consumer.id)
    if _restricted(subject, desk):
        raise _invalid("the subject or its token does not count any more", actor)
    other = desk.landscape.consumers.get(subject.subject)
    if other is None or other.kind != subject.kind:
        raise _invalid("the subject is not known any more", actor)
    both = frozenset(other.scopes) & frozenset(actor.consumer.scopes)
    return Delegation(
        subject=subject.subject,
        kind=subject.kind,
        shop=subject.shop,
        scopes=tuple(scope for scope in subject.scopes if scope in both),
        until=subject.expires_at,
    )


def _asked_rightly(form: Mapping[str, str], actor: Client, desk: Desk) -> None:
    wrong = None
    if "subject_token" not in form or form.get("subject_token_type") != ACCESS_TOKEN:
        wrong = f"bring a subject_token of the type {ACCESS_TOKEN}"
    elif form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        wrong = f"only {ACCESS_TOKEN} is given"
    elif any(name in form for name in _WITHOUT):
        wrong = "the actor is the client that asks; leave actor_token out"
    if wrong is not None:
        raise Refusal("invalid_request", wrong, consumer=actor.consumer.id)
    for name in ("audience", "resource"):
        if form.get(name, desk.realm.audience) != desk.realm.audience:
            raise Refusal("invalid_target", f"tokens are for {desk.realm.audience} only", consumer=actor.consumer.id)


def _restricted(subject: Claims, desk: Desk) -> bool:
    holds, now = desk.restrictions.holds, desk.now
    return (
        holds("token", subject.token_id, now)
        or holds("consumer", subject.subject, now)
        or holds("device", subject.client_id, now)
    )


def _invalid(description: str, actor: Client) -> Refusal:
    return Refusal("invalid_grant", description, consumer=actor.consumer.id)
