"""The pages that people sign in and out by, and get their tokens at: for the window and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from tillway import audit, clock
from tillway.audit import Class, Entry
from tillway.errors import NotFound
from tillway.gateway import people_forms as forms
from tillway.gateway.answering import Outgoing
from tillway.gateway.consumer_state import Restricted, Suspended
from tillway.gateway.cookies import Jar, csrf_token
from tillway.gateway.handing_out import HandingOut
from tillway.gateway.pipeline import Request
from tillway.gateway.trail import network_class
from tillway.identity import Act, Issued, NotAuthenticated, SigningKeys, people, use
from tillway.identity.people import Pending, PersonsToken, Proved, Provider, Session
from tillway.landscape import Landscape, SignIn
from tillway.postgres import Database

SIGN_IN_PATH: Final = "/console/sign-in"
CALLBACK_PATH: Final = "/console/callback"
SIGN_OUT_PATH: Final = "/console/sign-out"
SESSION_PATH: Final = "/console/session"
CONSOLE_TOKEN_PATH: Final = "/console/token"  # noqa: S105 - a path

_NOBODY: Final = "nobody is signed in here"
# Characters kept of what a program calls its grant: ours have two.
_GRANT_MAX: Final = 40
_SUSPENDED: Final = "this person is suspended"
_ASK: Final = "ask the hub's operators"


class _Told(NamedTuple):
    """What the audit is told of one person; `about` is personal."""

    kind_of: Class
    operation: str
    status: int
    person: str
    about: Mapping[str, str]


class Visitor(NamedTuple):
    """Somebody who is signed in and looks at a page: what to call them, and what they may do."""

    name: str
    scopes: frozenset[str]


ClientSecret = Callable[[SignIn], str | None]


class People:
    """The pages of people at one door. Without a provider, or `sign_in` in the landscape, nobody signs in.

    `secret` gives the hub's secret at the provider, `restricted` who is suspended; `handing_out` puts tokens down.
    """

    def __init__(
        self,
        *,
        keys: SigningKeys,
        database: Database,
        provider: Provider | None,
        secret: ClientSecret,
        restricted: Restricted,
        handing_out: HandingOut,
    ) -> None:
        self._keys = keys
        self._active = handing_out.active
        self._database = database
        self._provider = provider
        self._secret = secret
        self._restricted = restricted
        self._handing_out = handing_out
        self._node = handing_out.node
        self._jar = Jar(keys.realm.issuer)
        self._redirect_uri = keys.realm.issuer.rstrip("/") + CALLBACK_PATH

    async def sign_in(self, request: Request) -> Outgoing:
        """Send the browser to the provider."""
        provider, sign_in, _ = self._signing_in()
        now = clock.now()
        pending = people.begun(people.wish(forms.query(request)), sign_in, now)
        address = await provider.address(pending, self._redirect_uri)
        cookie = self._jar.write(self._jar.sign_in, people.sealed(pending), int(people.LIFE.total_seconds()))
        return forms.sent_to(address, [cookie])

    async def callback(self, request: Request) -> Outgoing:
        """The browser comes back: who is it, and where did they want to go."""
        provider, sign_in, landscape = self._signing_in()
        now, query = clock.now(), forms.query(request)
        cookie = self._jar.read(request.headers, self._jar.sign_in)
        pending = people.reopened(cookie, query.get("state", ""), sign_in, now)
        code = await forms.code(query, pending, provider)
        if not await use(self._database, pending.used):
            raise people.refused("it has ended before")
        proved = await provider.proved(
            code, pending, sign_in, redirect_uri=self._redirect_uri, secret=self._secret(sign_in), now=now
        )
        roles = people.roles_of(people.belongs_to(proved.claims, landscape), landscape)
        suspended = self._is_suspended(people.person_id(proved.issuer, proved.subject), now)
        if suspended or not people.scopes_of(roles, landscape):
            refusal = self._entry(request, _Told("refusal", "signIn", 403, *_of(proved)), now)
            async with self._database.transaction() as tx:
                tx.stage(audit.staging(refusal))
            raise Suspended(_SUSPENDED, remedy=_ASK) if suspended else people.no_role()
        return await self._signed_in(request, pending, proved, landscape, now)

    async def session(self, request: Request) -> Outgoing:
        """Who is signed in."""
        secret, found, landscape = await self._present(request)
        now, roles = clock.now(), people.roles_of(found.belongs_to, self._active.current)
        said = {
            "person": found.person,
            "name": found.about.get("name"),
            "email": found.about.get("email"),
            "roles": roles,
            "scopes": sorted(people.scopes_of(roles, landscape)),
            "auth_time": found.auth_time,
            "acr": found.acr,
            "until": found.until(now),
            "csrf_token": csrf_token(secret),
        }
        return forms.said(said)

    async def visitor(self, request: Request) -> Visitor | None:
        """Who looks at a page; None for a stranger. For pages that show more to people of the house."""
        landscape = self._active.current
        secret = None if landscape.sign_in is None else self._jar.read(request.headers, self._jar.session)
        found = None if secret is None else await self._found(secret, "browser")
        if found is None:
            return None
        scopes = people.scopes_of(people.roles_of(found.belongs_to, landscape), landscape)
        return Visitor(found.about.get("name") or found.person, scopes)

    async def token(self, request: Request) -> Outgoing:
        """An access token for whoever is signed in: a page of ours, or the command line with its code or secret."""
        form = await forms.form(request)
        if "grant_type" in form:
            secret, found = await self._command_line(form)
        else:
            secret, found, _ = await self._present(request)
            self._jar.from_our_page(request.headers, secret)
        now, ring = clock.now(), self._keys.ring
        made = people.persons_token(
            found, self._active.current, key=ring.signing, realm=self._keys.realm, now=now.replace(microsecond=0)
        )
        await self._handing_out.put(request, _issued(made, found.person, form.get("grant_type", "session")))
        said = {
            "access_token": made.token,
            "token_type": "Bearer",
            "expires_in": int((made.expires_at - now).total_seconds()),
            "scope": " ".join(made.scopes),
        }
        return forms.said(said | ({"refresh_token": secret} if "grant_type" in form else {}))

    async def sign_out(self, request: Request) -> Outgoing:
        """End the session and everything made for it."""
        form = await forms.form(request)
        if "refresh_token" in form:
            found = await self._kept(form["refresh_token"])
        else:
            secret, found, _ = await self._present(request)
            self._jar.from_our_page(request.headers, secret)
        now = clock.now()
        entry = self._entry(request, _Told("act", "signOut", 204, found.person, found.about), now)
        async with self._database.transaction(closing=lambda: audit.staging(entry)) as tx:
            await people.end_session(tx, found, _act(request, found.person, "signed out", now))
        return Outgoing(204, [self._jar.write(self._jar.session, "", 0)], b"")

    async def _signed_in(
        self, request: Request, pending: Pending, proved: Proved, landscape: Landscape, now: datetime
    ) -> Outgoing:
        waiting = pending.wish.loopback
        before = None if waiting is not None else await self._before(request)
        entry = self._entry(request, _Told("act", "signIn", 303, *_of(proved)), now)
        async with self._database.transaction(closing=lambda: audit.staging(entry)) as tx:
            if before is not None:
                await people.end_session(tx, before, _act(request, before.person, "signed in again", now))
            secret = await people.open_session(
                tx,
                proved,
                landscape,
                now,
                kind="browser" if waiting is None else "command-line",
                waiting_for=None if waiting is None else waiting.challenge,
            )
        done = self._jar.write(self._jar.sign_in, "", 0)
        if waiting is not None:
            answer = {"code": secret, "state": waiting.state, "iss": self._keys.realm.issuer}
            return forms.sent_to(f"http://127.0.0.1:{waiting.port}/?{urlencode(answer)}", [done])
        cookie = self._jar.write(self._jar.session, secret, int(people.LONGEST.total_seconds()))
        return forms.sent_to(self._keys.realm.issuer.rstrip("/") + pending.wish.return_to, [done, cookie])

    async def _before(self, request: Request) -> Session | None:
        """The session this browser has already."""
        secret = self._jar.read(request.headers, self._jar.session)
        return None if secret is None else await self._found(secret, "browser")

    async def _present(self, request: Request) -> tuple[str, Session, Landscape]:
        self._signing_in()
        secret = self._jar.read(request.headers, self._jar.session)
        found = None if secret is None else await self._found(secret, "browser")
        if secret is None or found is None:
            raise NotAuthenticated(_NOBODY, remedy=f"sign in at {SIGN_IN_PATH}")
        return secret, found, self._active.current

    async def _command_line(self, form: Mapping[str, str]) -> tuple[str, Session]:
        self._signing_in()
        secret = form.get("refresh_token")
        if form["grant_type"] == "authorization_code":
            code, verifier = form.get("code", ""), form.get("code_verifier", "")
            secret = await people.take(self._database, code, verifier, clock.now())
            if secret is None:
                raise people.refused("the code was used, is too old, or is another program's")
        return secret or "", await self._kept(secret or "")

    async def _kept(self, secret: str) -> Session:
        found = await self._found(secret, "command-line")
        if found is None:
            raise NotAuthenticated(_NOBODY, remedy="sign in with `tillway sign-in`")
        return found

    async def _found(self, secret: str, kind: people.Kind) -> Session | None:
        now = clock.now()
        found = await people.session(self._database, secret, self._active.current, now, kind=kind)
        return None if found is not None and self._is_suspended(found.person, now) else found

    def _is_suspended(self, person: str, now: datetime) -> bool:
        return self._restricted().holds("person", person, now)

    def _signing_in(self) -> tuple[Provider, SignIn, Landscape]:
        landscape = self._active.current
        if self._provider is None or landscape.sign_in is None:
            raise NotFound("nobody signs in here", remedy="name an identity provider under sign_in of the landscape")
        return self._provider, landscape.sign_in, landscape

    def _entry(self, request: Request, told: _Told, now: datetime) -> Entry:
        return Entry(
            kind_of=told.kind_of,
            at=now,
            node=self._node,
            operation=told.operation,
            status=told.status,
            network=network_class(request.peer),
            release=self._active.current.hash,
            principal=told.person,
            kind="person",
            correlation=request.context.correlation,
            personal=msgspec.json.encode(told.about).decode().replace("\\u0000", "") if told.about else None,
        )


def _of(proved: Proved) -> tuple[str, dict[str, str]]:
    return people.person_id(proved.issuer, proved.subject), proved.about


def _act(request: Request, by: str, reason: str, now: datetime) -> Act:
    return Act(by=by, reason=reason, at=now, correlation=request.context.correlation)


def _issued(made: PersonsToken, person: str, grant: str) -> Issued:
    method = "cookie" if grant == "session" else "none"
    return Issued(grant=grant[:_GRANT_MAX], method=method, subject=person, kind="person", **made.named)
