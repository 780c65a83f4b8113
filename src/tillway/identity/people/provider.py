"""The provider that people sign in with: where to send them, and the ID token for the code they come back with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec

from tillway.errors import OutcomeUnknown, Unavailable
from tillway.identity.foreign import NotTrusted
from tillway.identity.issuers import Issuers, Sender, endpoint
from tillway.identity.people.id_token import Proved, check
from tillway.identity.people.pending import Pending, challenge, refused
from tillway.landscape import SignIn
from tillway.outbound import Limits, Request

SCOPE: Final = "openid profile email"

ANSWER_BYTES_MAX: Final = 128 * 1024
"""An ID token with many groups has 12 KiB, an access token beside it as much."""

# Somebody looks at an empty page meanwhile.
_LIMITS: Final = Limits(connect=3.0, total=10.0, answer=ANSWER_BYTES_MAX)
_OK: Final = 200


class _Declared(msgspec.Struct, frozen=True):
    """The provider as `Issuers` knows issuers."""

    url: str
    id: str = "sign_in"


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str | None = None


class Provider:
    """Whoever the landscape names under `sign_in`, as this process knows them. For one asyncio loop."""

    def __init__(self, client: Sender, issuers: Issuers) -> None:
        self._client = client
        self._issuers = issuers

    async def address(self, pending: Pending, redirect_uri: str) -> str:
        """Where to send the browser. Unavailable when the provider does not say."""
        found = await self._described(pending)
        asked = {
            "response_type": "code",
            "client_id": pending.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        if pending.wish.max_age is not None:
            asked["max_age"] = str(pending.wish.max_age)
        if pending.wish.loopback is not None:
            # A program that began this without anybody's knowledge gets nowhere without them.
            asked["prompt"] = "login"
        url = _endpoint(found, "authorization_endpoint")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"

    async def proved(
        self, code: str, pending: Pending, sign_in: SignIn, *, redirect_uri: str, secret: str | None, now: datetime
    ) -> Proved:
        """Who signed in. SignInRefused when the provider, or what it answers, does not say so; Unavailable."""
        found = await self._described(pending)
        tokens = await self._redeemed(code, pending, found, redirect_uri, secret)
        keys = await self._issuers.keys(_Declared(sign_in.issuer), tokens.id_token)
        try:
            return check(tokens.id_token, pending, keys, now, access_token=tokens.access_token)
        except NotTrusted as error:
            raise refused(f"the ID token is not accepted: {error}") from error

    async def names_itself(self, pending: Pending) -> bool:
        """Whether the provider says who it is when it sends a browser back (RFC 9207)."""
        return (await self._described(pending)).get("authorization_response_iss_parameter_supported") is True

    async def _described(self, pending: Pending) -> Mapping[str, Any]:
        found = await self._issuers.described(_Declared(pending.issuer))
        if not found:
            raise Unavailable("the identity provider does not answer", remedy="try again in a moment")
        return found

    async def _redeemed(
        self, code: str, pending: Pending, found: Mapping[str, Any], redirect_uri: str, secret: str | None
    ) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": pending.verifier,
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if secret is None:
            form["client_id"] = pending.client_id
        elif "client_secret_basic" in found.get("token_endpoint_auth_methods_supported", ("client_secret_basic",)):
            # RFC 6749 section 2.3.1: both are escaped as in a form, then joined.
            both = f"{quote_plus(pending.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
        else:
            form |= {"client_id": pending.client_id, "client_secret": secret}
        url, body = _endpoint(found, "token_endpoint"), urlencode(form).encode()
        request = Request(method="POST", url=url, headers=headers, body=body, changes=True, limits=_LIMITS)
        try:
            reply = await self._client.send(request)
        except OutcomeUnknown as error:
            raise refused("the identity provider gave no answer") from error
        if reply.status != _OK:
            raise refused(f"the identity provider does not take its code back; it answers {reply.status}")
        try:
            return msgspec.json.decode(reply.body, type=_Tokens)
        except (msgspec.DecodeError, ValueError) as error:
            raise refused("the identity provider answers without an ID token") from error


def _endpoint(found: Mapping[str, Any], name: str) -> str:
    try:
        return endpoint(found, name)
    except NotTrusted as error:
        raise Unavailable(f"the identity provider cannot be used: {error}") from error
