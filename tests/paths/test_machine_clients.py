"""An off-the-shelf OAuth client against a served door on loopback.

With a secret it needs no care at all. Its signed assertions last an hour unless it is told otherwise, which is longer
than the hub takes: there it is given an end.
"""

from __future__ import annotations

import asyncio
import socket
import warnings
from contextlib import asynccontextmanager

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.contract.machines import PRODUCT, door, new_key

from tillway.tokens import Realm

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the library warns of its own move to another one
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    from authlib.oauth2.rfc7523 import PrivateKeyJWT

KEY = new_key()
ROBOT = {"robot": ({"secret": {"env": "SECRET"}}, [KEY.as_dict(private=False)])}


@asynccontextmanager
async def served(dsn: str, monkeypatch):
    """The base address of a door behind the real server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    monkeypatch.setattr("tests.contract.machines.REALM", Realm(issuer=base, audience=base))
    async with door(dsn, **ROBOT) as hub:
        server = Server(hub.door, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
        serving = asyncio.create_task(server.serve())
        try:
            await answering(port)
            yield base
        finally:
            server.stop()
            await serving


async def answering(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def described(base: str) -> dict:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{base}/.well-known/oauth-authorization-server")).json()


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_basic", "client_secret_post"])
async def test_an_ordinary_client_gets_a_token_and_uses_it(dsn, monkeypatch, method):
    async with served(dsn, monkeypatch) as base:
        secret = KEY if method == "private_key_jwt" else "robot-secret"
        async with AsyncOAuth2Client("robot", secret, token_endpoint_auth_method=method) as client:
            metadata = await described(base)
            assert method in metadata["token_endpoint_auth_methods_supported"]
            if method == "private_key_jwt":
                client.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg="ES256"))
            token = await client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
            assert token["token_type"] == "Bearer"
            assert (await client.get(f"{base}{PRODUCT}")).status_code == 200
