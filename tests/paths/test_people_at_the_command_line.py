"""The command line acts as whoever signed in, and breaks the glass when nobody can."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

import pytest
from tests.contract.people import DANGEROUS, house, provider
from tests.pure.gateway.front_door import RING

from tillway import clock
from tillway.cli.asking import Hub
from tillway.errors import Misconfigured
from tillway.tokens import Realm, key_text, verify


@pytest.fixture
async def hub(dsn):
    async with provider() as issuer, house(dsn, issuer) as made:
        yield made


@asynccontextmanager
async def tillway(*arguments: str, home):
    """The command in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TILLWAY_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tillway",
        *arguments,
        env=environment | {"XDG_STATE_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_somebody_signs_in_at_the_command_line_acts_as_themselves_and_signs_out(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    nowhere = tmp_path / "no-hub-here"
    async with (
        hub.browser() as browser,
        tillway("sign-in", "--hub", hub.base, "--no-browser", home=tmp_path) as process,
    ):
        async with asyncio.timeout(20):
            await process.stderr.readline()
            address = (await process.stderr.readline()).decode().strip()
            back = await browser.http.get((await _agreed(browser, address)).headers["location"])
            assert (back.status_code, "go back to the command line" in back.text) == (200, True)
            assert await process.wait() == 0
    kept = tmp_path / "tillway" / "sign-in.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    token = json.loads(kept.read_text())["token"]
    assert verify(token, RING.keys, Realm(issuer=hub.base, audience=hub.base), clock.now()).kind == "person"
    async with Hub(nowhere) as asked:
        assert await asked.get("/health") == {}
    kept.write_text(kept.read_text().replace(token, "stale"))
    found = json.loads(kept.read_text()) | {"ends": 0}
    kept.write_text(json.dumps(found))
    async with Hub(nowhere) as asked:  # the session gives a new token
        assert await asked.get("/health") == {}
    async with tillway("sign-out", home=tmp_path) as process:
        assert await process.wait() == 0
    assert not kept.exists()
    kept.write_text(json.dumps(found))
    with pytest.raises(Misconfigured):
        async with Hub(nowhere):
            raise AssertionError("a session that was ended gave a token")


async def _agreed(browser, address):
    begun = await browser.http.get(address)
    return await browser.http.get(await browser.agree(begun.headers["location"], "anna"))


async def test_a_broken_glass_is_told_of_before_anybody_holds_the_token_and_at_every_use(hub, tmp_path, caplog):
    insert = "INSERT INTO identity.signing_keys (kid, private_jwk, created_at) VALUES ($1, $2, $3)"
    async with hub.db.transaction() as tx:
        await tx.execute(insert, RING.signing.kid, key_text(RING.signing), clock.now())
    told = {"base_url": hub.base, "node_url": hub.base, "database_url": hub.dsn, "pid": 1}
    (tmp_path / "hub.json").write_text(json.dumps(told))
    arguments = ("break-glass", "--reason", "the provider is down", "--state", str(tmp_path), "--json")
    async with tillway(*arguments, home=tmp_path) as process, asyncio.timeout(30):
        out, error = await process.communicate()
        assert process.returncode == 0, error
    token = json.loads(out)["access_token"]
    claims = verify(token, RING.keys, Realm(issuer=hub.base, audience=hub.base), clock.now())
    assert (claims.kind, claims.client_id, claims.scopes) == (
        "operator",
        "break-glass",
        ("operations:read", "operations:write"),
    )
    assert (claims.expires_at - claims.issued_at).total_seconds() == 15 * 60

    entry = next(each for each in await hub.entries() if "breakGlass" in each)
    assert (entry[0], claims.token_id in entry) == ("act", True)
    assert json.loads(entry[-1])["reason"] == "the provider is down"
    events = await hub.db.fetch("SELECT type, subject, data::text AS data FROM journal.staged")
    event = next(each for each in events if each["subject"] == "break-glass")
    data = json.loads(event["data"])
    assert (event["type"], data["kind"], data["id"], data["state"]) == (
        "access.changed",
        "token",
        claims.token_id,
        "opened",
    )

    async with hub.browser() as browser:
        with caplog.at_level("WARNING", "tillway.operators"):
            assert (await browser.look(token)).status_code == 200
            assert (await browser.look(token, DANGEROUS, "DELETE")).status_code == 200
        said = [each.getMessage() for each in caplog.records if each.name == "tillway.operators"]
        assert [claims.token_id in each and "break-glass" in each for each in said] == [True, True]
