"""The token endpoint's decision, pure: what is asked, by whom, and the answer.

Machines ask in three ways: for themselves (client_credentials), with a token of an issuer that vouches for them
(jwt-bearer, RFC 7523 section 2.1), or on behalf of another (token exchange, RFC 8693). People sign in elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from joserfc.jwk import ECKey

from tillway.identity import nonce
from tillway.identity.assertion import check_vouched
from tillway.identity.binding import bound
from tillway.identity.client_authentication import client, method_of, proves_itself
from tillway.identity.desk import Client, Desk
from tillway.identity.exchange import ACCESS_TOKEN, EXCHANGE, delegation
from tillway.identity.foreign import NotTrusted
from tillway.identity.once import Once
from tillway.identity.requesting import Issued, Refusal, TokenAnswer, TokenRequest, refused, single, uncached
from tillway.identity.ring import LONGEST_TOKEN
from tillway.landscape import Consumer
from tillway.tokens import Claims, Confirmation, Realm, sign

TOKEN_LIFETIME = timedelta(minutes=10)
"""How long an access token lives; a removed scope counts at once, a stolen token no longer than this."""

OPERATOR_LIFETIME = LONGEST_TOKEN
"""How long an operator's token in the state directory lives; the supervisor makes a new one in time."""

OPERATOR = "operator"
OPERATOR_SCOPES = ("operations:read", "operations:write")

CREDENTIALS: Final = "client_credentials"
BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANT_TYPES: Final = (CREDENTIALS, BEARER, EXCHANGE)

# RFC 6749 appendix A.4.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Given:
    """What the client may be given at most."""

    client: Client
    scopes: tuple[str, ...]
    until: datetime
    subject: str
    kind: str
    shop: str | None
    actor: str | None = None
    uses: tuple[Once, ...] = ()


def issue(request: TokenRequest, desk: Desk) -> TokenAnswer:
    """A token for the scopes asked for (all that may be given if none), or an error of RFC 6749 section 5.2.

    Never raises. The answer counts once what it `uses` was used up.
    """
    try:
        form = single(request.form)
        given = _given(request, form, desk)
        scopes = _scopes(form, given)
        confirmation, uses = bound(request, given.client, desk)
    except Refusal as refusal:
        return _with_nonce(refused(refusal), request, desk)
    lives = min(desk.now + TOKEN_LIFETIME, given.until)
    token = sign(_claims(given, scopes, confirmation, lives, desk), desk.ring.signing)
    body = {
        "access_token": token,
        "token_type": "DPoP" if confirmation is not None and confirmation.jkt is not None else "Bearer",
        "expires_in": max(0, int((lives - desk.now).total_seconds())),
        "scope": " ".join(scopes),
    }
    if form["grant_type"] == EXCHANGE:
        body["issued_token_type"] = ACCESS_TOKEN
    consumer = given.client.consumer.id
    made = TokenAnswer(
        status=200,
        body=body,
        headers=uncached(),
        consumer=consumer,
        uses=(*given.uses, *uses),
        issued=_issued(request, form, given, scopes, desk),
    )
    return _with_nonce(made, request, desk)


def _issued(request: TokenRequest, form: Mapping[str, str], given: _Given, scopes: Sequence[str], desk: Desk) -> Issued:
    """What is put down. An issuer's word is enough: then the client proved nothing itself."""
    vouched = form["grant_type"] == BEARER and not proves_itself(request, form)
    holder = given.client.id
    return Issued(
        grant=form["grant_type"].rpartition(":")[2],
        method="none" if vouched else method_of(request, form),
        subject=given.subject,
        kind=given.kind,
        token_id=desk.token_id,
        scopes=tuple(scopes),
        holder=None if holder == given.subject else holder,
    )


def used_before(made: TokenAnswer, which: Once) -> TokenAnswer:
    """The refusal that an answer becomes when something it depends on was used before."""
    if which.kind == "assertion":
        return refused(Refusal("invalid_client", "the client assertion is not accepted: it was used before"))
    description = "the DPoP proof is not accepted: it was used before"
    return refused(Refusal("invalid_dpop_proof", description, consumer=made.consumer))


def operator_token(
    *,
    key: ECKey,
    realm: Realm,
    now: datetime,
    token_id: str,
    lifetime: timedelta = OPERATOR_LIFETIME,
    holder: str = OPERATOR,
) -> str:
    """A token for whoever may read the state directory: all of operations and nothing else; needs no entry."""
    claims = Claims(
        issuer=realm.issuer,
        audience=realm.audience,
        subject=OPERATOR,
        client_id=holder,
        kind=OPERATOR,
        scopes=OPERATOR_SCOPES,
        issued_at=now,
        expires_at=now + lifetime,
        token_id=token_id,
    )
    return sign(claims, key)


def _given(request: TokenRequest, form: Mapping[str, str], desk: Desk) -> _Given:
    if form["grant_type"] == BEARER:
        return _vouched(request, form, desk)
    who, uses = client(request, form, desk)
    may_ask(who, desk)
    if form["grant_type"] == EXCHANGE:
        found = delegation(form, who, desk)
        return _Given(
            client=who,
            scopes=found.scopes,
            until=found.until,
            subject=found.subject,
            kind=found.kind,
            shop=found.shop,
            actor=who.consumer.id,
            uses=uses,
        )
    if form["grant_type"] != CREDENTIALS:
        offered = ", ".join(GRANT_TYPES)
        raise Refusal("unsupported_grant_type", f"offered are: {offered}", consumer=who.consumer.id)
    return replace(_own(who, desk), uses=uses)


def _own(who: Client, desk: Desk) -> _Given:
    consumer = who.consumer
    until = desk.now + TOKEN_LIFETIME
    return _Given(
        client=who, scopes=consumer.scopes, until=until, subject=consumer.id, kind=consumer.kind, shop=who.shop
    )


def _vouched(request: TokenRequest, form: Mapping[str, str], desk: Desk) -> _Given:
    """The issuer's word is enough; a client that presents itself too must be the one vouched for."""
    if desk.vouching is None:
        raise Refusal("invalid_grant", "the assertion is not accepted: its issuer is not trusted here")
    issuer, keys = desk.vouching
    try:
        vouched = check_vouched(form.get("assertion", ""), issuer, keys, desk.now)
    except NotTrusted as error:
        raise Refusal("invalid_grant", f"the assertion is not accepted: {error}") from error
    consumer = desk.landscape.consumers.get(vouched.consumer)
    if consumer is None:
        raise Refusal("invalid_grant", "the assertion is not accepted: its subject is not known here")
    who, uses = client(request, form, desk) if proves_itself(request, form) else (_vouched_for(consumer), ())
    if who.id != consumer.id or form.get("client_id", consumer.id) != consumer.id:
        raise Refusal("invalid_grant", "the assertion is of another client", consumer=consumer.id)
    may_ask(who, desk)
    return replace(_own(who, desk), until=vouched.until, uses=uses)


def _vouched_for(consumer: Consumer) -> Client:
    return Client(id=consumer.id, consumer=consumer)


def may_ask(who: Client, desk: Desk) -> None:
    """Pass whoever may use these endpoints now. Refusal for a person, a suspended consumer and a lost device."""
    consumer = who.consumer
    if consumer.kind == "person":
        raise Refusal("unauthorized_client", "people sign in; this is for machines and devices", consumer=consumer.id)
    holds, now = desk.restrictions.holds, desk.now
    if holds("consumer", consumer.id, now):
        raise Refusal("unauthorized_client", "the client is suspended", consumer=consumer.id)
    if who.id != consumer.id and holds("device", who.id, now):
        raise Refusal("unauthorized_client", "the device was reported lost", consumer=consumer.id)


def _scopes(form: Mapping[str, str], given: _Given) -> tuple[str, ...]:
    consumer, asked = given.client.consumer.id, form.get("scope", "")
    if not asked:
        if not given.scopes:
            raise Refusal("invalid_scope", "no scope is granted to this client", consumer=consumer)
        return given.scopes
    if not _SCOPE.match(asked):
        raise Refusal("invalid_scope", "scope is a list of words parted by one space", consumer=consumer)
    scopes = tuple(dict.fromkeys(asked.split(" ")))
    missing = [scope for scope in scopes if scope not in given.scopes]
    if missing:
        raise Refusal("invalid_scope", f"not granted to this client: {' '.join(missing)[:200]}", consumer=consumer)
    return scopes


def _claims(
    given: _Given, scopes: Sequence[str], confirmation: Confirmation | None, lives: datetime, desk: Desk
) -> Claims:
    return Claims(
        issuer=desk.realm.issuer,
        audience=desk.realm.audience,
        subject=given.subject,
        client_id=given.client.id,
        kind=given.kind,
        scopes=tuple(scopes),
        issued_at=desk.now,
        expires_at=lives,
        token_id=desk.token_id,
        confirmation=confirmation,
        actor=given.actor,
        shop=given.shop,
    )


def _with_nonce(made: TokenAnswer, request: TokenRequest, desk: Desk) -> TokenAnswer:
    """Whoever proves a key is told the nonce to prove it with next."""
    if request.proof is None and made.body.get("error") != "invalid_dpop_proof":
        return made
    return replace(made, headers={**made.headers, "DPoP-Nonce": nonce.current(desk.ring, desk.now)})
