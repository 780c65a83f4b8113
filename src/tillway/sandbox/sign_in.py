"""An OpenID Connect provider of the sample retailer: whoever sits at the machine says whom they play.

Authorization code with PKCE (S256) for one public client, whose way back leads to loopback alone. Nobody stays signed
in here: each request asks again, so `prompt=login` and `max_age` are always kept, and `auth_time` is the click.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from joserfc import jws
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tillway import clock
from tillway.sandbox.sign_in_page import HEADERS, PEOPLE, asking, refusing
from tillway.tokens import ALGORITHM, base64url, new_key, public_jwk

PATH: Final = "/sign-in"
"""Below the sandbox's address; together they are the issuer."""

CLIENT_ID: Final = "tillway-demo"
CALLBACK: Final = "/console/callback"
"""Where the hub takes people back."""

LOOPBACKS: Final = frozenset({"127.0.0.1", "localhost", "::1"})

CODE_LIFE: Final = timedelta(seconds=60)
"""A code is redeemed at once: the browser carries it to the hub and nowhere else."""

TOKEN_LIFE: Final = timedelta(minutes=5)
"""The hub reads an ID token once, when it gets it."""

CODES_MAX: Final = 100
"""Codes that wait to be redeemed; the oldest gives way. A person plays with a handful."""

FORM_BYTES_MAX: Final = 8 * 1024
"""Ours have under 500."""

FIELDS_MAX: Final = 32
"""The hub sends ten."""

SECRET_BYTES: Final = 32
"""Of what must not be guessed: 256 bits."""

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
_HTML: Final = "text/html; charset=utf-8"
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class NotAnswered(Exception):
    """A request that nobody can be sent back from: it goes to a place that is not the hub's."""


class Refused(Exception):
    """An error of RFC 6749 with its words."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a code that holds."""

    redirect_uri: str
    challenge: str
    nonce: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    asked: Asked
    subject: str
    at: datetime


class SignIn:
    """The provider as it knows itself; `issuer` is its own address."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._key = new_key()
        self._codes: dict[str, _Waiting] = {}

    def described(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self._issuer,
            "authorization_endpoint": f"{self._issuer}/authorize",
            "token_endpoint": f"{self._issuer}/token",
            "jwks_uri": f"{self._issuer}/jwks",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "scopes_supported": ["openid", "profile", "email"],
            "claims_supported": ["sub", "name", "email", "groups", "auth_time", "nonce"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        """The key set: one key, made at the start."""
        return {"keys": [public_jwk(self._key)]}

    def back(self, asked: Mapping[str, str], **answer: str) -> str:
        """The way back to the hub with an answer."""
        state = {"state": asked["state"]} if "state" in asked else {}
        return f"{asked['redirect_uri']}?{urlencode({**answer, **state, 'iss': self._issuer})}"

    def code(self, asked: Asked, subject: str, now: datetime) -> str:
        """A code for somebody who said who they are."""
        while len(self._codes) >= CODES_MAX:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(SECRET_BYTES)
        self._codes[code] = _Waiting(asked=asked, subject=subject, at=now)
        return code

    def redeemed(self, form: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """The tokens for a code. Whatever comes of it, the code is used. Refused for anybody but who asked for it."""
        if form.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type", "only codes are redeemed here")
        waiting = self._codes.pop(form.get("code", ""), None)
        if form.get("client_id") != CLIENT_ID:
            raise Refused("invalid_client", "this client is not known")
        if waiting is None or now - waiting.at > CODE_LIFE:
            raise Refused("invalid_grant", "the code was used, is too old, or was never given")
        if form.get("redirect_uri") != waiting.asked.redirect_uri:
            raise Refused("invalid_grant", "the code was sent elsewhere")
        verifier = form.get("code_verifier", "")
        made = base64url.encode(hashlib.sha256(verifier.encode()).digest())
        if not (_VERIFIER.match(verifier) and hmac.compare_digest(made, waiting.asked.challenge)):
            raise Refused("invalid_grant", "the code is for another verifier")
        return {
            "access_token": secrets.token_urlsafe(SECRET_BYTES),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "id_token": self._id_token(waiting, now),
        }

    def _id_token(self, waiting: _Waiting, now: datetime) -> str:
        claims = {
            "iss": self._issuer,
            "aud": CLIENT_ID,
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LIFE).timestamp()),
            "auth_time": int(waiting.at.timestamp()),
            **({} if waiting.asked.nonce is None else {"nonce": waiting.asked.nonce}),
            **PEOPLE[waiting.subject].claims(waiting.subject),
        }
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": str(self._key.kid)}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM])


def asked_for(query: Mapping[str, str]) -> Asked:
    """The request of these parameters. NotAnswered when it leads elsewhere, Refused when the hub is told why."""
    if query.get("client_id") != CLIENT_ID:
        raise NotAnswered("its client is not known")
    if not _of_hub(query.get("redirect_uri", "")):
        raise NotAnswered("its redirect_uri is not of a hub on this machine")
    if query.get("response_type") != "code":
        raise Refused("unsupported_response_type", "only codes are given")
    if "openid" not in query.get("scope", "").split(" "):
        raise Refused("invalid_scope", "the scope lacks openid")
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.match(query.get("code_challenge", "")):
        raise Refused("invalid_request", "a code_challenge by S256 is needed")
    if "none" in query.get("prompt", "").split(" "):
        raise Refused("login_required", "nobody stays signed in here")
    return Asked(redirect_uri=query["redirect_uri"], challenge=query["code_challenge"], nonce=query.get("nonce"))


def routes(provider: SignIn) -> list[Route]:
    """What the provider answers over HTTP. It waits in no queue of the ERP and is struck by none of its faults."""

    async def authorize(request: Request) -> Response:
        query: dict[str, str] = {}
        try:
            query = _once_each(request.url.query)
            asked = asked_for(query)
            if request.method == "GET":
                return Response(asking(), 200, HEADERS, _HTML)
            return await _said(request, provider, query, asked)
        except NotAnswered as error:
            return Response(refusing(str(error)), 400, HEADERS, _HTML)
        except Refused as error:
            return _sent_to(provider.back(query, error=error.code, error_description=str(error)))

    async def token(request: Request) -> Response:
        try:
            return _json(provider.redeemed(await _form(request), clock.now()))
        except NotAnswered as error:
            return _json({"error": "invalid_request", "error_description": str(error)}, 400)
        except Refused as error:
            return _json({"error": error.code, "error_description": str(error)}, 400)

    async def described(_request: Request) -> Response:
        return _json(provider.described())

    async def keys(_request: Request) -> Response:
        return _json(provider.keys())

    return [
        Route(f"{PATH}/.well-known/openid-configuration", described),
        Route(f"{PATH}/jwks", keys),
        Route(f"{PATH}/authorize", authorize, methods=["GET", "POST"]),
        Route(f"{PATH}/token", token, methods=["POST"]),
    ]


async def _said(request: Request, provider: SignIn, query: Mapping[str, str], asked: Asked) -> Response:
    """Somebody pressed a button of our page; what another site sends is none."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise NotAnswered("another site sent it")
    subject = (await _form(request)).get("sub", "")
    if subject not in PEOPLE:
        raise NotAnswered("nobody here is called so")
    return _sent_to(provider.back(query, code=provider.code(asked, subject, clock.now())))


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise NotAnswered("its form is too large")
    return _once_each(body.decode("latin-1"))


def _once_each(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise NotAnswered("its parameters cannot be read") from error
    if len(dict(pairs)) != len(pairs):
        raise NotAnswered("it names something twice")
    return dict(pairs)


def _of_hub(address: str) -> bool:
    """Whether this is the way back of a hub on this machine, whatever its port."""
    try:
        parts = urlsplit(address)
        known = parts.hostname in LOOPBACKS and parts.port is not None
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return known and address == f"{parts.scheme}://{host}:{parts.port}{CALLBACK}" and parts.scheme in {"http", "https"}


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, _NO_STORE, "application/json")


def _sent_to(address: str) -> Response:
    return Response(b"", 302, {"Location": address, **_NO_STORE, "Referrer-Policy": "no-referrer"})
