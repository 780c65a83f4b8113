"""An enrolled till gets tokens by its own key and sells with them; tokens are asked about and revoked."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from tests.contract.machines import TOKEN_URL, Holder, new_key, signed_form
from tests.contract.test_access import BECAUSE, SECONDS, act, code, enrol
from tests.contract.test_audit import told
from tests.pure.gateway.front_door import REALM, RING

from tillway import clock
from tillway.tokens import verify

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def post(hub, path, **form):
    return await hub.ask("POST", path, body=urlencode(form).encode(), headers=FORM)


async def device_token(hub, device, key):
    """As RFC 9449 has it: without a nonce first, then with the one that the answer carries."""
    holder = Holder(key=key)
    for _ in range(2):
        headers = FORM | {"dpop": holder.proof("POST", TOKEN_URL)}
        body = urlencode(signed_form(device, key)).encode()
        reply = await hub.ask("POST", "/oauth2/token", body=body, headers=headers)
        holder.nonce = reply.headers.get("dpop-nonce")
    return reply, holder


async def ask_as(hub, holder, bearer, path, *, method="GET", json=None):
    url = f"{REALM.issuer}{path}"
    headers = {"authorization": f"DPoP {bearer}", "dpop": holder.proof(method, url, bearer)}
    return await hub.ask(method, path, headers=headers, json=json)


async def new_device(hub):
    key = new_key()
    made = await code(hub)
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    reply = await enrol(hub, made["code"], public)
    assert reply.status == 201, reply.json
    return reply.json["id"], key


async def test_a_device_sells_with_its_own_key_for_its_own_shop_until_it_is_lost(hub):
    device, key = await new_device(hub)
    other, others_key = await new_device(hub)
    reply, holder = await device_token(hub, device, key)
    assert (reply.status, reply.json["token_type"]) == (200, "DPoP"), reply.json
    bearer = reply.json["access_token"]
    assert (await ask_as(hub, holder, bearer, "/prices/v1/prices/TEE-CREW-S")).status == 200
    assert (await hub.ask("GET", "/prices/v1/prices/TEE-CREW-S", token=bearer)).status == 401
    await act(hub, "PUT", f"/devices/{device}/loss", BECAUSE)
    async with asyncio.timeout(SECONDS):
        while (await ask_as(hub, holder, bearer, "/prices/v1/prices/TEE-CREW-S")).status != 401:
            await asyncio.sleep(0.005)
    again, _ = await device_token(hub, device, key)
    assert (again.status, again.json["error"]) == (400, "unauthorized_client")
    kept = await ask_as(hub, holder, bearer, "/pos/v1/sales", method="POST", json={"sales": [{"till": "harbour-till"}]})
    assert (kept.status, kept.json["sales"][0]["status"]) == (202, "quarantined")
    reply, holder = await device_token(hub, other, others_key)
    assert (await ask_as(hub, holder, reply.json["access_token"], "/prices/v1/prices/TEE-CREW-S")).status == 200


async def test_a_device_proves_the_key_it_was_enrolled_with(hub):
    device, key = await new_device(hub)
    plain = await post(hub, "/oauth2/token", **signed_form(device, key))
    assert (plain.status, plain.json["error"]) == (400, "invalid_dpop_proof")
    stranger = new_key()
    forged = await post(hub, "/oauth2/token", **signed_form(device, stranger))
    assert (forged.status, forged.json["error"]) == (401, "invalid_client")
    _, holder = await device_token(hub, device, key)
    holder.key = stranger
    headers = FORM | {"dpop": holder.proof("POST", TOKEN_URL)}
    reply = await hub.ask("POST", "/oauth2/token", body=urlencode(signed_form(device, key)).encode(), headers=headers)
    assert (reply.status, reply.json["error"]) == (400, "invalid_dpop_proof")


async def test_each_token_is_put_down_once_with_grant_method_and_scopes(hub):
    device, key = await new_device(hub)
    reply, _ = await device_token(hub, device, key)
    bearer = reply.json["access_token"]
    claims = verify(bearer, RING.keys, REALM, clock.now())
    (entry,) = await told(hub, claims.token_id)
    assert (entry.operation, entry.status, entry.kind_of, entry.subject) == ("issueToken", 200, "read", claims.token_id)
    assert (entry.principal, entry.actor, entry.kind) == (claims.subject, device, "device")
    assert entry.code == f"client_credentials by private_key_jwt: {' '.join(claims.scopes)}"
    lines = await hub.db.fetch("SELECT line FROM audit.staged")
    assert not any(bearer.rpartition(".")[2] in row["line"] for row in lines)


async def test_a_device_asks_about_its_token_and_revokes_it(hub):
    device, key = await new_device(hub)
    reply, holder = await device_token(hub, device, key)
    bearer = reply.json["access_token"]
    said = (await post(hub, "/oauth2/introspect", token=bearer, **signed_form(device, key))).json
    assert (said["active"], said["client_id"], said["shop"], said["kind"]) == (True, device, "harbour", "device")
    assert said["cnf"] == {"jkt": key.thumbprint()}
    done = await post(hub, "/oauth2/revoke", token=bearer, **signed_form(device, key))
    assert (done.status, done.json) == (200, {})
    async with asyncio.timeout(SECONDS):
        while (await ask_as(hub, holder, bearer, "/prices/v1/prices/TEE-CREW-S")).status != 401:
            await asyncio.sleep(0.005)
    gone = await post(hub, "/oauth2/introspect", token=bearer, **signed_form(device, key))
    assert gone.json == {"active": False}


async def test_who_proves_nothing_is_told_nothing_of_tokens(hub):
    for path in ("/oauth2/introspect", "/oauth2/revoke"):
        reply = await post(hub, path, token="whatever")
        assert (reply.status, reply.json["error"]) == (401, "invalid_client")


async def test_a_sale_is_kept_with_the_device_that_sent_it(hub):
    device, key = await new_device(hub)
    reply, holder = await device_token(hub, device, key)
    sale = {"sales": [{"till": "harbour-till", "epoch": device, "sequence": 1}]}
    kept = await ask_as(hub, holder, reply.json["access_token"], "/pos/v1/sales", method="POST", json=sale)
    sender = "SELECT consumer, device FROM records.sales WHERE id = $1"
    row = await hub.db.fetchrow(sender, kept.json["sales"][0]["id"])
    assert (row["consumer"], row["device"]) == ("harbour-tills", device)


async def test_a_device_has_no_subscriptions(hub):
    device, key = await new_device(hub)
    reply, holder = await device_token(hub, device, key)
    bearer, path = reply.json["access_token"], "/subscriptions/v1/subscriptions"
    body = {"types": ["price.changed"], "delivery": {"kind": "webhook", "url": "http://127.0.0.1:9/"}}
    assert (await ask_as(hub, holder, bearer, path, method="POST", json=body)).status == 403
