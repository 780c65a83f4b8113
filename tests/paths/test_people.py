"""People sign in with an identity provider, over real HTTP: what lets them in, and everything that must not."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta

import httpx
import pytest
from joserfc.jwk import OctKey
from tests.contract.machines import COMMON, jwt, new_key, seconds
from tests.contract.people import (
    CLIENT_ID,
    DANGEROUS,
    HEALTH,
    KEY,
    asked_for,
    house,
    land,
    provider,
    with_parameters,
)
from tests.pure.gateway.front_door import RING

from tillway import clock
from tillway.identity import Act, people
from tillway.identity.people import id_token
from tillway.tokens import Claims, Realm, sign, verify

SESSION = "tillway-session"


@pytest.fixture
async def hub(dsn):
    async with provider() as issuer, house(dsn, issuer) as made:
        yield made


def said(hub, token: str) -> Claims:
    return verify(token, RING.keys, Realm(issuer=hub.base, audience=hub.base), clock.now())


async def test_somebody_signs_in_looks_and_signs_out(hub):
    async with hub.browser() as browser:
        begun = await browser.begin(return_to="/console/session?tab=1")
        asked = asked_for(begun.headers["location"])
        assert begun.headers["location"].startswith(f"{hub.issuer}/oauth2/authorize?")
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == (
            "code",
            CLIENT_ID,
            "S256",
        )
        assert asked["redirect_uri"] == f"{hub.base}/console/callback"
        assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
        back = await browser.http.get(await browser.agree(begun.headers["location"], "anna"))
        assert (back.status_code, back.headers["location"]) == (303, f"{hub.base}/console/session?tab=1")
        cookie = next(each for each in back.headers.get_list("set-cookie") if each.startswith(SESSION))
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))

        who = await browser.session()
        assert (who["status"], who["name"], who["email"]) == (200, "Anna", "anna@example.com")
        assert (who["roles"], who["scopes"]) == (["operator"], ["operations:read", "operations:write"])
        token = await browser.token()
        claims = said(hub, token)
        assert (claims.kind, claims.subject, claims.roles) == ("person", who["person"], ("operator",))
        assert claims.expires_at - claims.issued_at <= timedelta(minutes=10)
        assert "anna" not in token
        assert "anna" not in json.dumps(who["person"]).lower()
        assert (await browser.look(token)).status_code == 200

        out = await browser.post("/console/sign-out")
        assert out.status_code == 204, out.text
        assert (await browser.session())["status"] == 401
        async with asyncio.timeout(2):
            while (await browser.look(token)).status_code != 401:
                await asyncio.sleep(0.02)


async def test_the_code_is_redeemed_with_the_verifier_and_the_secret_of_the_hub(hub):
    async with hub.browser() as browser:
        await browser.sign_in()
        redeemed = next(each for each in hub.meddler.asked if each.url.endswith("/oauth2/token"))
        form = asked_for("?" + redeemed.body.decode())
        assert people.challenge(form["code_verifier"])
        assert "client_secret" not in form
        basic = base64.b64decode(redeemed.headers["Authorization"].removeprefix("Basic ")).decode()
        assert basic == f"{CLIENT_ID}:a+secret%2Fof%3A+ours"


async def test_who_reads_may_not_act(hub):
    async with hub.browser() as browser:
        await browser.sign_in("ralf")
        assert (await browser.session())["roles"] == ["reader"]
        token = await browser.token()
        assert (await browser.look(token)).status_code == 200
        refused = await browser.look(token, DANGEROUS, "DELETE")
        assert (refused.status_code, "insufficient_scope" in refused.headers["www-authenticate"]) == (403, True)


async def test_somebody_without_a_role_is_not_let_in_and_told_of(hub):
    async with hub.browser() as browser:
        refused = await browser.sign_in("nobody")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
        assert (await browser.session())["status"] == 401
        assert SESSION not in browser.http.cookies


async def test_names_stand_in_the_personal_part_of_the_audit_and_sealed_in_the_session_alone(hub):
    async with hub.browser() as browser:
        await browser.sign_in("anna")
        who = await browser.session()
        told = [each for each in await hub.entries() if "signIn" in each and who["person"] in each]
        assert told
        assert all(each[0] == "act" for each in told)
        assert json.loads(told[-1][-1]) == {"name": "Anna", "email": "anna@example.com"}
        assert "anna" not in json.dumps([each[:-1] for each in told]).lower()
        rows = await hub.db.fetch("SELECT s::text AS row FROM identity.sessions s")
        assert rows
        assert not any("anna" in row["row"].lower() for row in rows)


def forged(key=KEY, **changes):
    return lambda claims: {name: v for name, v in {**claims, **changes}.items() if v is not None}


def _unsigned(claims) -> str:
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts) + "."


def _with_key(claims) -> str:
    own = new_key()
    return jwt(claims, own, jwk=own.as_dict(private=False))


WRONG = {
    "another nonce": forged(nonce="n" * 43),
    "no nonce": forged(nonce=None),
    "it has ended": forged(exp=timedelta(minutes=-1)),
    "it is old": forged(iat=timedelta(minutes=-20)),
    "it is from the future": forged(iat=timedelta(minutes=5)),
    "another issuer": forged(iss="https://evil.example"),
    "another audience": forged(aud="somebody-else"),
    "two audiences and nobody who asked": forged(aud=[CLIENT_ID, "somebody-else"]),
    "somebody else asked": forged(azp="somebody-else"),
    "another access token": forged(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no subject": forged(sub=""),
    "no audience": forged(aud=None),
    "alg none": _unsigned,
    "signed by another": lambda claims: jwt(claims, new_key(), kid="ours"),
    "signed with the public key as a secret": lambda claims: jwt(
        claims, OctKey.import_key(json.dumps(KEY.as_dict(private=False))), alg="HS256", kid="ours"
    ),
    "a key in the header": _with_key,
    "an access token of ours": lambda claims: jwt(claims, KEY, kid="ours", typ="at+jwt"),
    "a logout token": lambda claims: jwt(claims, KEY, kid="ours", typ="logout+jwt"),
    "no token": lambda _: "",
    "three words": lambda _: "a.b.c",
}


async def test_an_id_token_that_does_not_hold_signs_nobody_in(hub):
    for what, change in WRONG.items():
        hub.meddler.change = change
        async with hub.browser() as browser:
            refused = await browser.sign_in()
            assert (refused.status_code, refused.json()["type"]) == (403, "/problems/sign-in-refused"), what
            assert SESSION not in browser.http.cookies, what
    hub.meddler.change = forged()
    async with hub.browser() as browser:
        assert (await browser.sign_in()).status_code == 303  # the very same way, with nothing wrong in it


async def test_the_way_back_is_for_the_browser_that_began_and_once(hub):
    async with hub.browser() as browser, hub.browser() as other:
        begun = await browser.begin()
        back = await browser.agree(begun.headers["location"], "anna")
        refused = [
            await other.http.get(back),
            await browser.http.get(with_parameters(back, state="s" * 43)),
            await browser.http.get(with_parameters(back, state=None)),
            await browser.http.get(with_parameters(back, code=None)),
            await browser.http.get(with_parameters(back, iss="https://evil.example")),
            await browser.http.get(with_parameters(back, error="access_denied")),
            await other.http.get(back, headers={"cookie": "tillway-sign-in=%7B%7D"}),
        ]
        assert {each.status_code for each in refused} == {403}
        cookie = browser.http.cookies["tillway-sign-in"]
        assert (await browser.http.get(back)).status_code == 303
        assert "tillway-sign-in" not in browser.http.cookies
        again = await other.http.get(back, headers={"cookie": f"tillway-sign-in={cookie}"})
        assert (again.status_code, "ended before" in again.json()["detail"]) == (403, True)


async def test_a_sign_in_does_not_end_at_another_provider_than_it_began_at(hub):
    async with hub.browser() as browser:
        begun = await browser.begin()
        back = await browser.agree(begun.headers["location"], "anna")
        hub.active.swap(land("https://elsewhere.example"))
        refused = await browser.http.get(back)
        assert (refused.status_code, "elsewhere" in refused.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "console",
        "",
        "/a\r\nx: y",
        "/\t/evil",
        "javascript:alert(1)",
    ],
)
async def test_a_return_path_is_one_of_this_hub(hub, place):
    async with hub.browser() as browser:
        assert (await browser.begin(return_to=place)).status_code == 422


async def test_a_session_alone_changes_nothing(hub):
    async with hub.browser() as browser, hub.browser() as other:
        await browser.sign_in()
        await other.sign_in("ralf")
        foreign = (await other.session())["csrf_token"]
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"sec-fetch-site": "none"},
            {"x-csrf-token": ""},
            {"x-csrf-token": foreign},
        ):
            for path in ("/console/token", "/console/sign-out"):
                assert (await browser.post(path, **headers)).status_code == 403, headers
        bare = await browser.http.post(
            f"{hub.base}/console/token", headers={"x-csrf-token": (await browser.session())["csrf_token"]}
        )
        assert bare.status_code == 403
        assert (await browser.session())["status"] == 200


async def test_a_cookie_that_stands_twice_is_none(hub):
    async with hub.browser() as browser:
        await browser.sign_in()
        secret = browser.http.cookies[SESSION]
        async with httpx.AsyncClient() as http:
            twice = {"cookie": f"{SESSION}={secret}; {SESSION}=other"}
            assert (await http.get(f"{hub.base}/console/session", headers=twice)).status_code == 401


async def test_people_and_machines_never_stand_in_for_each_other(hub):
    tokens: list[str] = []
    hub.meddler.change = lambda claims: tokens.append(jwt(claims, KEY, kid="ours")) or tokens[-1]
    async with hub.browser() as browser:
        await browser.sign_in()
        secret, person = browser.http.cookies[SESSION], (await browser.session())["person"]
        good = said(hub, await browser.token())
        machine = sign(_like(hub, good, "robot", kind="machine"), RING.signing)
        assert (await browser.look(machine)).status_code == 200
        not_ours = {
            "an ID token": tokens[0],
            "the session's secret": secret,
            "a person of a consumer's name": sign(_like(hub, good, "robot"), RING.signing),
            "a machine of a person's name": sign(_like(hub, good, person, kind="machine"), RING.signing),
            "a device of a person's name": sign(_like(hub, good, person, kind="device"), RING.signing),
            "a person without a session": sign(_like(hub, good, person, session=None), RING.signing),
            "a person whose roles nobody gives": sign(_like(hub, good, person, roles=("king",)), RING.signing),
            "a person acted for": sign(_like(hub, good, person, client_id="robot", actor="robot"), RING.signing),
            "a person in a shop": sign(_like(hub, good, person, shop="harbour"), RING.signing),
        }
        for what, token in not_ours.items():
            assert (await browser.look(token)).status_code == 401, what
        async with httpx.AsyncClient() as http:
            by_cookie = await http.get(hub.base + HEALTH, headers={"cookie": f"{SESSION}={secret}"})
            assert by_cookie.status_code == 401
            for token in (machine, await browser.token()):
                for path, method in (
                    ("/console/session", "GET"),
                    ("/console/token", "POST"),
                    ("/console/sign-out", "POST"),
                ):
                    headers = {"authorization": f"Bearer {token}", "cookie": f"{SESSION}={token}", "origin": hub.base}
                    assert (await http.request(method, hub.base + path, headers=headers)).status_code == 401
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": await browser.token(),
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }
            swapped = await http.post(f"{hub.base}/oauth2/token", data=form, auth=("robot", "robot-secret"))
            assert (swapped.status_code, swapped.json()["error"]) == (400, "invalid_grant")
            kept = await http.post(
                f"{hub.base}/console/token", data={"grant_type": "refresh_token", "refresh_token": secret}
            )
            assert kept.status_code == 401  # a browser's session is none of the command line's


def _like(hub, good: Claims, subject: str, **changes) -> Claims:
    from dataclasses import replace

    if changes.get("kind", "person") != "person":
        changes |= {"session": None, "roles": (), "auth_time": None}
    return replace(good, **{"subject": subject, "client_id": subject, **changes})


async def test_a_role_that_is_taken_away_counts_at_once(hub):
    async with hub.browser() as browser:
        await browser.sign_in()
        token = await browser.token()
        assert (await browser.look(token)).status_code == 200
        hub.active.swap(land(hub.issuer, roles={"operator": ["operations:write"], "reader": ["operations:read"]}))
        assert (await browser.look(token)).status_code == 403
        hub.active.swap(land(hub.issuer, sign_in={"roles": {"hub-readers": "reader"}}))
        assert (await browser.look(token)).status_code == 401
        assert (await browser.post("/console/token")).status_code == 403
        hub.active.swap(land(None))
        assert (await browser.session())["status"] == 404


async def test_a_suspended_person_is_out_everywhere_within_two_seconds_and_not_let_in_again(hub):
    async with hub.browser() as anna, hub.browser() as anna_elsewhere, hub.browser() as ralf:
        for browser, sub in ((anna, "anna"), (anna_elsewhere, "anna"), (ralf, "ralf")):
            await browser.sign_in(sub)
        token, other = await anna.token(), await ralf.token()
        who = (await anna.session())["person"]
        act = Act(by="operator", reason="left the company", at=clock.now(), correlation="c")
        async with hub.db.transaction() as tx:
            await people.suspend(tx, who, act)
        async with asyncio.timeout(2):
            while (refused := await anna.look(token)).status_code == 200:
                await asyncio.sleep(0.02)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/suspended")
        assert [(await each.session())["status"] for each in (anna, anna_elsewhere)] == [401, 401]
        assert (await ralf.look(other)).status_code == 200
        again = await anna.sign_in("anna")
        assert (again.status_code, again.json()["type"]) == (403, "/problems/suspended")
        async with hub.db.transaction() as tx:
            await people.resume(tx, who, act)
        async with asyncio.timeout(2):
            while (await anna.sign_in("anna")).status_code == 403:
                await asyncio.sleep(0.02)
        assert (await anna.look(await anna.token())).status_code == 200
        newest_first = await people.signed_in(hub.db, hub.active.current, clock.now())
        assert [each.name for each in newest_first][:2] == ["Anna", "Ralf"]


async def test_each_token_of_a_person_is_put_down_without_the_token(hub):
    async with hub.browser() as browser:
        await browser.sign_in()
        token = await browser.token()
        claims = said(hub, token)
        async with asyncio.timeout(20):
            while not (found := [each for each in await hub.entries() if claims.token_id in each]):
                await asyncio.sleep(0.02)
        (entry,) = found
        assert "issueToken" in entry
        assert claims.subject in entry
        assert "session by cookie: operations:read operations:write" in entry
        assert token.rpartition(".")[2] not in json.dumps(await hub.entries())


async def test_what_is_dangerous_asks_for_a_fresh_sign_in(hub):
    async with hub.browser() as browser:
        hub.meddler.change = forged(auth_time=seconds(minutes=-6))
        await browser.sign_in()
        stale = await browser.token()
        refused = await browser.look(stale, DANGEROUS, "DELETE")
        challenge = refused.headers["www-authenticate"]
        assert refused.status_code == 401
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'max_age="300"' in challenge
        assert (await browser.look(stale)).status_code == 200

        assert (await browser.sign_in(max_age="300")).status_code == 403  # the provider did not ask anew
        hub.meddler.change = forged(auth_time=None)
        assert (await browser.sign_in(max_age="300")).status_code == 403  # nor does it say when
        hub.meddler.change = forged(auth_time=seconds(seconds=-2))
        begun = await browser.begin(max_age="300")
        assert asked_for(begun.headers["location"])["max_age"] == "300"
        await browser.http.get(await browser.agree(begun.headers["location"], "anna"))
        assert (await browser.look(await browser.token(), DANGEROUS, "DELETE")).status_code == 200
        async with asyncio.timeout(2):  # the session before has ended, and its tokens with it
            while (await browser.look(stale)).status_code != 401:
                await asyncio.sleep(0.02)


async def test_a_session_ends_when_nobody_uses_it_and_after_a_shift(hub):
    proved = id_token.Proved(
        issuer=hub.issuer, subject="anna", auth_time=None, acr=None, claims={"groups": ["hub-ops"], "name": "Anna"}
    )
    landscape, began = hub.active.current, clock.now()

    async def opened():
        async with hub.db.transaction() as tx:
            return await people.open_session(tx, proved, landscape, began, kind="browser")

    async def there(secret, **later):
        return await people.session(hub.db, secret, landscape, began + timedelta(**later), kind="browser") is not None

    left = await opened()
    assert await there(left, minutes=29)
    assert await there(left, minutes=58)
    assert not await there(left, minutes=58 + 31)
    used = await opened()
    for minutes in range(0, 480, 29):
        assert await there(used, minutes=minutes)
    assert not await there(used, minutes=480)
    await people.forget_sessions(hub.db, began + timedelta(hours=9))
    assert await hub.db.fetchval("SELECT count(*) FROM identity.sessions") == 0


async def test_the_command_line_gets_a_session_of_its_own_by_a_code_for_its_verifier(hub):
    async with hub.browser() as browser, httpx.AsyncClient() as http:
        verifier, state = people.fresh(), people.fresh()
        wish = {"port": "40404", "state": state, "code_challenge": people.challenge(verifier)}
        begun = await browser.begin(**wish)
        assert asked_for(begun.headers["location"])["prompt"] == "login"
        back = await browser.http.get(await browser.agree(begun.headers["location"], "anna"))
        assert back.headers["location"].startswith("http://127.0.0.1:40404/?")
        assert SESSION not in browser.http.cookies
        told = asked_for(back.headers["location"])
        assert (told["state"], told["iss"]) == (state, hub.base)

        async def fetched(**form):
            return await http.post(f"{hub.base}/console/token", data=form)

        code = {"grant_type": "authorization_code", "code": told["code"]}
        assert (await fetched(**code, code_verifier=people.fresh())).status_code == 403
        assert (await fetched(grant_type="refresh_token", refresh_token=told["code"])).status_code == 401
        first = await fetched(**code, code_verifier=verifier)
        assert first.status_code == 200, first.text
        assert (await fetched(**code, code_verifier=verifier)).status_code == 403
        secret, token = first.json()["refresh_token"], first.json()["access_token"]
        assert (await browser.look(token)).status_code == 200
        assert (await fetched(grant_type="refresh_token", refresh_token=secret)).status_code == 200
        by_cookie = await http.get(f"{hub.base}/console/session", headers={"cookie": f"{SESSION}={secret}"})
        assert by_cookie.status_code == 401
        out = await http.post(f"{hub.base}/console/sign-out", data={"refresh_token": secret})
        assert out.status_code == 204
        assert (await fetched(grant_type="refresh_token", refresh_token=secret)).status_code == 401


@pytest.mark.parametrize(
    "change", [{"port": "80"}, {"port": "1e4"}, {"port": "99999"}, {"state": "s"}, {"code_challenge": ""}]
)
async def test_a_command_line_that_is_none_of_ours_gets_nothing(hub, change):
    async with hub.browser() as browser:
        wish = {"port": "40404", "state": "s" * 43, "code_challenge": "c" * 43}
        assert (await browser.begin(**{**wish, **change})).status_code == 422


def test_a_person_is_never_called_like_a_consumer():
    name = people.person_id("https://login.example.com", "robot")
    assert name == people.person_id("https://login.example.com", "robot")
    assert name != people.person_id("https://other.example.com", "robot")
    with pytest.raises(Exception, match="name cannot be used"):
        land(None, consumers={name: {**COMMON, "shops": "*", "scopes": [], "secret": {"env": "S"}}})
