"""The token endpoint and the door as machines meet them, with the stores of a real Postgres behind."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta

import pytest
from joserfc.jwk import OctKey, OKPKey, RSAKey
from tests.contract.machines import (
    PROXY,
    STRANGER,
    TOKEN_URL,
    Holder,
    assertion,
    certificate,
    door,
    handed,
    jwt,
    new_key,
    seconds,
    signed_form,
    x5t,
)
from tests.pure.gateway.front_door import REALM, RING

from tillway import clock
from tillway.errors import Unavailable
from tillway.identity import Issuers
from tillway.landscape import Issuer
from tillway.outbound import Reply
from tillway.tokens import public_jwk, verify

KEY, OTHER = new_key(), new_key()
PUBLIC = KEY.as_dict(private=False)
PRODUCT_URL = f"{REALM.issuer}/products/v1/products/MUG-STON"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
KEYED = {"robot": ({}, [PUBLIC])}
PROVING = {"robot": ({"proof": "dpop"}, [PUBLIC])}


def said(token: str):
    return verify(token, RING.keys, REALM, clock.now())


async def test_a_machine_signs_for_its_token_and_is_let_in(dsn):
    async with door(dsn, **KEYED) as hub:
        reply = await hub.token(signed_form("robot", KEY))
        assert (reply.status, reply.json["token_type"]) == (200, "Bearer")
        assert (await hub.look(reply.json["access_token"])).status == 200


@pytest.mark.parametrize("audience", [REALM.issuer, TOKEN_URL, [TOKEN_URL], [REALM.issuer, TOKEN_URL]])
async def test_an_assertion_is_for_the_issuer_or_the_token_endpoint(dsn, audience):
    async with door(dsn, **KEYED) as hub:
        form = signed_form("robot", KEY, client_assertion=assertion("robot", KEY, aud=audience))
        assert (await hub.token(form)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": [TOKEN_URL, "https://elsewhere.example"]},
        {"aud": []},
        {"aud": None},
        {"exp": timedelta(minutes=7), "iat": None},
        {"exp": timedelta(minutes=50), "iat": timedelta(minutes=-6)},
        {"exp": timedelta(minutes=50), "iat": -(10**30)},
        {"exp": timedelta(seconds=-30)},
        {"exp": None},
        {"exp": 10**30},
        {"jti": None},
        {"jti": ""},
        {"iss": "till"},
        {"iat": timedelta(minutes=2)},
        {"nbf": timedelta(minutes=2)},
        {"sub": "nobody", "iss": "nobody"},
    ],
)
async def test_an_assertion_that_was_not_made_for_us_now_proves_nothing(dsn, changes):
    async with door(dsn, **KEYED) as hub:
        form = signed_form("robot", KEY, client_assertion=assertion("robot", KEY, **changes))
        reply = await hub.token(form)
        assert (reply.status, reply.json["error"]) == (401, "invalid_client")


async def test_an_assertion_that_says_it_lasts_an_hour_counts_while_it_is_fresh(dsn):
    async with door(dsn, **KEYED) as hub:
        made = assertion("robot", KEY, exp=seconds(minutes=60), iat=seconds(minutes=-4))
        form = signed_form("robot", KEY, client_assertion=made)
        assert [(await hub.token(form)).status for _ in range(2)] == [200, 401]


async def test_an_assertion_counts_once_on_all_nodes(dsn):
    form = signed_form("robot", KEY)
    async with door(dsn, **KEYED) as hub, door(dsn, **KEYED) as other:
        replies = await asyncio.gather(*(node.token(form) for node in (hub, other) for _ in range(5)))
        assert sorted(reply.status for reply in replies) == [200, *[401] * 9]
        assert {reply.json["error"] for reply in replies if reply.status != 200} == {"invalid_client"}


def forged() -> dict[str, str]:
    claims = {"iss": "robot", "sub": "robot", "aud": TOKEN_URL, "exp": seconds(minutes=1), "jti": "a"}
    unsigned = ".".join(
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in ({"alg": "none"}, claims)
    )
    by_public = OctKey.import_key(json.dumps(PUBLIC))
    jwks = "https://evil.example/jwks.json"
    return {
        "none": unsigned + ".",
        "HS256 with the public key": jwt(claims, by_public, alg="HS256"),
        "another key": jwt(claims, OTHER),
        "jwk in the header": jwt(claims, OTHER, jwk=OTHER.as_dict(private=False)),
        "jku in the header": jwt(claims, OTHER, jku=jwks),
        "x5u in the header": jwt(claims, OTHER, x5u=jwks),
        "kid that leads elsewhere": jwt(claims, OTHER, kid="../../../dev/null"),
        "kid of our own key": jwt(claims, OTHER, kid=str(RING.signing.kid)),
        "crit": jwt(claims, KEY, crit=["alg"]),
        "our own access token": jwt(claims, KEY, typ="at+jwt"),
        "a proof": jwt(claims, KEY, typ="dpop+jwt"),
        "nothing": "",
        "dots": "..",
        "large": "a" * 20_000,
    }


@pytest.mark.parametrize("trick", list(forged()))
async def test_no_trick_makes_an_assertion(dsn, trick):
    async with door(dsn, **KEYED) as hub:
        reply = await hub.token(signed_form("robot", KEY, client_assertion=forged()[trick]))
        assert (reply.status, reply.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (OKPKey.generate_key("Ed25519", private=True), "Ed25519"),
        (RSAKey.generate_key(2048, private=True), "PS256"),
        (RSAKey.generate_key(2048, private=True), "RS256"),
    ],
)
async def test_machines_sign_with_what_they_have(dsn, key, algorithm):
    claims = {"iss": "robot", "sub": "robot", "aud": TOKEN_URL, "exp": seconds(minutes=1), "jti": algorithm}
    async with door(dsn, robot=({}, [key.as_dict(private=False)])) as hub:
        reply = await hub.token(signed_form("robot", KEY, client_assertion=jwt(claims, key, alg=algorithm)))
        assert reply.status == 200


@pytest.mark.parametrize(
    "more",
    [
        {"client_secret": "robot-secret"},
        {"client_id": "till"},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
    ],
)
async def test_a_client_proves_itself_in_one_way(dsn, more):
    async with door(dsn, **KEYED) as hub:
        reply = await hub.token(signed_form("robot", KEY, **more))
        assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_a_person_gets_no_token_as_a_machine(dsn):
    async with door(dsn, anna=({"kind": "person"}, [PUBLIC])) as hub:
        reply = await hub.token(signed_form("anna", KEY))
        assert reply.json["error"] == "unauthorized_client"


async def test_who_must_prove_a_key_does_at_each_call(dsn):
    holder = Holder()
    async with door(dsn, **PROVING) as hub:
        token = await hub.bound_token(lambda: signed_form("robot", KEY), holder)
        assert said(token).confirmation.jkt == holder.key.thumbprint()
        for _ in range(2):
            reply = await hub.look(token, scheme="DPoP", dpop=holder.proof("GET", PRODUCT_URL, token))
            assert reply.status == 200
            assert reply.headers["dpop-nonce"]


async def test_who_must_prove_a_key_gets_no_token_without(dsn):
    async with door(dsn, **PROVING) as hub:
        reply = await hub.token(signed_form("robot", KEY))
        assert (reply.status, reply.json["error"]) == (400, "invalid_dpop_proof")
        assert reply.headers["dpop-nonce"]


async def test_who_need_not_prove_a_key_may(dsn):
    holder = Holder()
    async with door(dsn, **KEYED) as hub:
        token = await hub.bound_token(lambda: signed_form("robot", KEY), holder)
        assert (await hub.look(token)).status == 401
        reply = await hub.look(token, scheme="DPoP", dpop=holder.proof("GET", PRODUCT_URL, token))
        assert reply.status == 200


async def test_a_bound_token_without_its_proof_opens_nothing(dsn):
    holder = Holder()
    async with door(dsn, **PROVING) as hub:
        token = await hub.bound_token(lambda: signed_form("robot", KEY), holder)
        proof = holder.proof("GET", PRODUCT_URL, token)
        for reply in (
            await hub.look(token),
            await hub.look(token, dpop=proof),
            await hub.look(token, scheme="DPoP"),
        ):
            assert reply.status == 401
            assert reply.headers["www-authenticate"].startswith("DPoP ")


def stolen(holder: Holder, token: str) -> dict[str, str]:
    good = holder.proof("GET", PRODUCT_URL, token)
    thief = Holder(nonce=holder.nonce)
    return {
        "another method": holder.proof("POST", PRODUCT_URL, token),
        "another place": holder.proof("GET", f"{REALM.issuer}/products/v1/products/OTHER", token),
        "another host": holder.proof("GET", "https://evil.example/products/v1/products/MUG-STON", token),
        "another token": holder.proof("GET", PRODUCT_URL, "another"),
        "no token": holder.proof("GET", PRODUCT_URL),
        "another key": thief.proof("GET", PRODUCT_URL, token),
        "the key in the header of another": jwt(
            {"jti": "a", "htm": "GET", "htu": PRODUCT_URL, "iat": seconds(), "nonce": holder.nonce},
            thief.key,
            typ="dpop+jwt",
            jwk=holder.key.as_dict(private=False),
        ),
        "old": holder.proof("GET", PRODUCT_URL, token, iat=seconds(seconds=-70)),
        "of tomorrow": holder.proof("GET", PRODUCT_URL, token, iat=seconds(minutes=1)),
        "private key": holder.proof("GET", PRODUCT_URL, token, header={"jwk": holder.key.as_dict(private=True)}),
        "another type": holder.proof("GET", PRODUCT_URL, token, header={"typ": "JWT"}),
        "no key": holder.proof("GET", PRODUCT_URL, token, header={"jwk": None}),
        "two": f"{good}, {holder.proof('GET', PRODUCT_URL, token)}",
        "an assertion": assertion("robot", KEY),
        "nothing": "",
        "time without end": holder.proof("GET", PRODUCT_URL, token, iat=10**40),
        "a name without end": holder.proof("GET", PRODUCT_URL, token, jti="a" * 300),
    }


@pytest.mark.parametrize("trick", list(stolen(Holder(), "x")))
async def test_no_other_proof_does(dsn, trick):
    holder = Holder()
    async with door(dsn, **PROVING) as hub:
        token = await hub.bound_token(lambda: signed_form("robot", KEY), holder)
        reply = await hub.look(token, scheme="DPoP", dpop=stolen(holder, token)[trick])
        assert reply.status == 401
        assert "invalid_" in reply.headers["www-authenticate"]


@pytest.mark.parametrize("nonce", [None, "", "AAAA", "c29tZWJvZHkgZWxzZSBtYWRlIHRoaXM"])
async def test_a_proof_carries_a_nonce_of_ours(dsn, nonce):
    holder = Holder()
    async with door(dsn, **PROVING) as hub:
        token = await hub.bound_token(lambda: signed_form("robot", KEY), holder)
        reply = await hub.look(token, scheme="DPoP", dpop=holder.proof("GET", PRODUCT_URL, token, nonce=nonce))
        assert reply.status == 401
        assert 'error="use_dpop_nonce"' in reply.headers["www-authenticate"]
        again = holder.proof("GET", PRODUCT_URL, token, nonce=reply.headers["dpop-nonce"])
        assert (await hub.look(token, scheme="DPoP", dpop=again)).status == 200


async def test_a_proof_counts_once_on_all_nodes(dsn):
    holder = Holder()
    async with door(dsn, **PROVING) as hub, door(dsn, **PROVING) as other:
        token = await hub.bound_token(lambda: signed_form("robot", KEY), holder)
        proof = holder.proof("GET", PRODUCT_URL, token)
        asked = [node.look(token, scheme="DPoP", dpop=proof) for node in (hub, other) for _ in range(5)]
        assert sorted(reply.status for reply in await asyncio.gather(*asked)) == [200, *[401] * 9]


async def test_an_unbound_token_does_not_count_where_a_bound_one_is_asked(dsn):
    async with door(dsn, **KEYED) as hub:
        token = (await hub.token(signed_form("robot", KEY))).json["access_token"]
    async with door(dsn, **PROVING) as hub:
        assert (await hub.look(token)).status == 401


CERTIFICATE = certificate()
SHOWING = {"robot": ({"certificate": x5t(CERTIFICATE), "proof": "mtls"}, [])}
NAMED = {"grant_type": "client_credentials", "client_id": "robot"}
PROXIES = ("10.1.0.0/16",)


async def test_a_machine_is_known_by_the_certificate_that_a_trusted_proxy_hands_on(dsn):
    async with door(dsn, transport=PROXIES, **SHOWING) as hub:
        reply = await hub.token(NAMED, peer=PROXY, **handed(CERTIFICATE))
        assert (reply.status, reply.json["token_type"]) == (200, "Bearer")
        token = reply.json["access_token"]
        assert said(token).confirmation.x5t == x5t(CERTIFICATE)
        assert (await hub.look(token, peer=PROXY, **handed(CERTIFICATE))).status == 200
        assert (await hub.look(token, peer=PROXY)).status == 401
        assert (await hub.look(token, peer=PROXY, **handed(certificate()))).status == 401


@pytest.mark.parametrize(("transport", "peer"), [(PROXIES, STRANGER), ((), PROXY), (PROXIES, "")])
async def test_a_certificate_from_anybody_else_says_nothing(dsn, transport, peer):
    keyed = {"robot": ({}, [PUBLIC])} if not transport else SHOWING
    async with door(dsn, transport=PROXIES, **SHOWING) as hub:
        token = (await hub.token(NAMED, peer=PROXY, **handed(CERTIFICATE))).json["access_token"]
    async with door(dsn, transport=transport, **keyed) as hub:
        assert (await hub.token(NAMED, peer=peer, **handed(CERTIFICATE))).status == 401
        assert (await hub.look(token, peer=peer, **handed(CERTIFICATE))).status == 401


@pytest.mark.parametrize(
    "header", ["", "::", ":", "abc", ":not base64:", ":AAAA:", f"{handed(CERTIFICATE)['client-cert']}, :AAAA:"]
)
async def test_a_header_that_holds_no_certificate_is_none(dsn, header):
    async with door(dsn, transport=PROXIES, **SHOWING) as hub:
        assert (await hub.token(NAMED, peer=PROXY, **{"client-cert": header})).status == 401


async def test_a_certificate_counts_while_it_is_in_force(dsn):
    ended = certificate(days=-1, since=30)
    async with door(dsn, transport=PROXIES, robot=({"certificate": x5t(ended)}, [])) as hub:
        assert (await hub.token(NAMED, peer=PROXY, **handed(ended))).status == 401


ACTING = {
    "kiosk": ({"acts_for": ["till"], "scopes": ["products:read", "prices:read"]}, [PUBLIC]),
    "till": ({"scopes": ["products:read", "pos:write"]}, [OTHER.as_dict(private=False)]),
    "other": ({}, [OTHER.as_dict(private=False)]),
}


def exchanged(token: str, **more) -> dict[str, str]:
    return signed_form("kiosk", KEY, grant_type=EXCHANGE, subject_token=token, subject_token_type=ACCESS_TOKEN, **more)


async def test_an_actor_gets_what_both_have_for_as_long_as_the_subject_has_it(dsn):
    async with door(dsn, **ACTING) as hub:
        subject = (await hub.token(signed_form("till", OTHER))).json["access_token"]
        reply = await hub.token(exchanged(subject))
        assert (reply.status, reply.json["issued_token_type"], reply.json["scope"]) == (
            200,
            ACCESS_TOKEN,
            "products:read",
        )
        claims = said(reply.json["access_token"])
        assert (claims.subject, claims.actor, claims.client_id) == ("till", "kiosk", "kiosk")
        assert claims.expires_at <= said(subject).expires_at
        assert (await hub.look(reply.json["access_token"])).status == 200


async def test_an_actor_that_may_not_act_any_more_is_not_let_in(dsn):
    async with door(dsn, **ACTING) as hub:
        subject = (await hub.token(signed_form("till", OTHER))).json["access_token"]
        token = (await hub.token(exchanged(subject))).json["access_token"]
    async with door(dsn, **{**ACTING, "kiosk": ({}, [PUBLIC])}) as hub:
        assert (await hub.look(token)).status == 401


@pytest.mark.parametrize(
    ("subject", "more", "error"),
    [
        ("other", {}, "unauthorized_client"),
        ("till", {"scope": "pos:write"}, "invalid_scope"),
        ("till", {"scope": "prices:read"}, "invalid_scope"),
        ("till", {"audience": "https://elsewhere.example"}, "invalid_target"),
        ("till", {"resource": "https://elsewhere.example"}, "invalid_target"),
        ("till", {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ("till", {"actor_token": "x"}, "invalid_request"),
        ("till", {"subject_token": "x"}, "invalid_grant"),
        ("till", {"subject_token": ""}, "invalid_request"),
        ("till", {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    ],
)
async def test_nobody_acts_for_more_than_was_given(dsn, subject, more, error):
    async with door(dsn, **ACTING) as hub:
        token = (await hub.token(signed_form(subject, OTHER))).json["access_token"]
        form = {**exchanged(token), **more}
        assert (await hub.token(form)).json["error"] == error


async def test_a_token_that_somebody_acts_with_is_not_exchanged_again(dsn):
    async with door(dsn, **ACTING) as hub:
        subject = (await hub.token(signed_form("till", OTHER))).json["access_token"]
        first = (await hub.token(exchanged(subject))).json["access_token"]
        assert (await hub.token(exchanged(first))).json["error"] == "invalid_grant"


async def test_the_metadata_offers_certificates_only_behind_a_trusted_proxy(dsn):
    async with door(dsn, transport=PROXIES, **SHOWING) as hub:
        told = (await hub.ask("GET", "/.well-known/oauth-authorization-server")).json
        assert "self_signed_tls_client_auth" in told["token_endpoint_auth_methods_supported"]
    async with door(dsn, **KEYED) as hub:
        told = (await hub.ask("GET", "/.well-known/oauth-authorization-server")).json
        assert "tls_client_certificate_bound_access_tokens" not in told


async def test_a_token_lives_ten_minutes(dsn):
    async with door(dsn, **KEYED) as hub:
        claims = said((await hub.token(signed_form("robot", KEY))).json["access_token"])
        assert claims.expires_at - claims.issued_at == timedelta(minutes=10)
        assert public_jwk(RING.signing)["alg"] == "ES256"


class Platform:
    """An issuer of workload tokens, as the outbound client sees it."""

    def __init__(self, url="https://platform.example"):
        self.url, self.key, self.calls, self.up = url, new_key(), [], True
        self.kid = "1"
        self.named = url
        self.jwks_uri = f"{url}/keys"

    async def send(self, request):
        self.calls.append(request.url)
        if not self.up:
            raise Unavailable("away")
        jwk = {**self.key.as_dict(private=False), "kid": self.kid}
        found = {"keys": [jwk, {"kty": "oct", "k": "AAAA"}]}
        if request.url.endswith("/.well-known/openid-configuration"):
            found = {"issuer": self.named, "jwks_uri": self.jwks_uri}
        return Reply(status=200, body=json.dumps(found).encode())

    def token(self, **changes) -> str:
        claims = {"iss": self.url, "sub": "system:robot", "aud": ["hub"], "exp": seconds(minutes=5), **changes}
        return jwt(claims, self.key, kid=self.kid)


BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VOUCHING = {"platform": {"url": "https://platform.example", "audience": "hub", "subjects": {"system:robot": "robot"}}}


def vouched(token: str, **more) -> dict[str, str]:
    return {"grant_type": BEARER, "assertion": token, **more}


async def test_a_declared_issuer_vouches_for_a_machine_again_and_again(dsn):
    platform = Platform()
    async with door(dsn, client=platform, issuers=VOUCHING, robot=({}, [])) as hub:
        token = platform.token()
        for _ in range(2):
            reply = await hub.token(vouched(token))
            assert (reply.status, said(reply.json["access_token"]).subject) == (200, "robot")
        assert (await hub.look(reply.json["access_token"])).status == 200
        assert (await hub.look(token)).status == 401
        assert len(platform.calls) == 2


async def test_a_vouched_token_ends_with_the_word_of_the_issuer(dsn):
    platform = Platform()
    async with door(dsn, client=platform, issuers=VOUCHING, robot=({}, [])) as hub:
        reply = await hub.token(vouched(platform.token(exp=seconds(seconds=90))))
        assert reply.json["expires_in"] <= 90


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "elsewhere"},
        {"aud": []},
        {"sub": "system:other"},
        {"iss": "https://other.example"},
        {"exp": timedelta(seconds=-30)},
        {"nbf": timedelta(minutes=2)},
    ],
)
async def test_an_issuers_word_for_somebody_else_is_refused(dsn, changes):
    platform = Platform()
    async with door(dsn, client=platform, issuers=VOUCHING, robot=({}, [])) as hub:
        reply = await hub.token(vouched(platform.token(**changes)))
        assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("named", "jwks_uri"),
    [
        ("https://evil.example", "https://platform.example/keys"),
        ("https://platform.example", "http://platform.example/keys"),
        ("https://platform.example", "file:///etc/passwd"),
        ("https://platform.example", None),
    ],
)
async def test_an_issuer_that_leads_elsewhere_vouches_for_nobody(dsn, named, jwks_uri):
    platform = Platform()
    platform.named, platform.jwks_uri = named, jwks_uri
    async with door(dsn, client=platform, issuers=VOUCHING, robot=({}, [])) as hub:
        assert (await hub.token(vouched(platform.token()))).json["error"] == "invalid_grant"


async def test_an_issuers_key_signed_by_somebody_else_is_refused(dsn):
    platform, other = Platform(), Platform()
    async with door(dsn, client=platform, issuers=VOUCHING, robot=({}, [])) as hub:
        assert (await hub.token(vouched(other.token()))).json["error"] == "invalid_grant"


async def test_a_vouched_machine_that_must_prove_a_key_does(dsn):
    platform, holder = Platform(), Holder()
    async with door(dsn, client=platform, issuers=VOUCHING, robot=({"proof": "dpop"}, [])) as hub:
        assert (await hub.token(vouched(platform.token()))).json["error"] == "invalid_dpop_proof"
        assert await hub.bound_token(lambda: vouched(platform.token()), holder)


async def test_keys_of_an_issuer_are_followed_kept_for_a_while_and_not_asked_for_too_often():
    platform, at = Platform(), [0.0]
    issuers = Issuers(platform, monotonic=lambda: at[0])
    issuer = Issuer(id="platform", **VOUCHING["platform"])
    first = platform.token()
    assert len(await issuers.keys(issuer, first)) == 1
    assert len(platform.calls) == 2
    platform.key, platform.kid = new_key(), "2"
    assert (await issuers.keys(issuer, platform.token()))[0].kid == "1"
    at[0] += 11
    assert (await issuers.keys(issuer, platform.token()))[0].kid == "2"
    assert len(platform.calls) == 4
    platform.up = False
    at[0] += 3_500
    assert len(await issuers.keys(issuer, platform.token())) == 1
    at[0] += 200
    assert len(await issuers.keys(issuer, platform.token())) == 0
