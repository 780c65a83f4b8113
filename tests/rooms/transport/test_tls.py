"""TLS on the doors: which versions, which protocols, and a certificate that is exchanged while requests are under way."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import aiohttp
import httpx
import pytest
from tests.pure.gateway.front_door import landscape, token
from tests.rooms.transport.h2 import connect
from tests.rooms.transport.served import certify, door, presented, serving, shown

from tillway.app.checkup import transport_finding
from tillway.app.hub import Running
from tillway.app.tls import Tls, tls_of, trusting
from tillway.cli.asking import connector
from tillway.errors import Misconfigured
from tillway.gateway import Answer
from tillway.landscape import Transport
from tillway.settings import Settings

LIVE = "/health/live"
PRODUCT = "/products/v1/products/A"


@pytest.mark.parametrize(("http2", "version"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
async def test_both_versions_of_http_are_spoken_over_tls(tmp_path, unused_tcp_port, http2, version):
    certificate, key = certify(tmp_path)
    async with (
        serving(door(), unused_tcp_port, tls_certificate=certificate, tls_key=key),
        httpx.AsyncClient(verify=trusting(certificate), http2=http2) as client,
    ):
        reply = await client.get(
            f"https://127.0.0.1:{unused_tcp_port}{PRODUCT}", headers={"Authorization": f"Bearer {token()}"}
        )
        assert (reply.status_code, reply.http_version) == (200, version)


async def test_without_tls_only_http_1_is_spoken(unused_tcp_port):
    url = f"http://127.0.0.1:{unused_tcp_port}/health/live"
    async with serving(door(), unused_tcp_port):
        async with httpx.AsyncClient() as client:
            reply = await client.get(url)
        assert (reply.status_code, reply.http_version) == (200, "HTTP/1.1")
        async with httpx.AsyncClient(http1=False, http2=True) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(url)


async def test_older_versions_of_tls_and_plain_http_are_refused(tmp_path, unused_tcp_port):
    certificate, key = certify(tmp_path)
    old = ssl.create_default_context()
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    async with serving(door(), unused_tcp_port, tls_certificate=certificate, tls_key=key):
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            await asyncio.open_connection("127.0.0.1", unused_tcp_port, ssl=old)
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.TransportError):
                await client.get(f"http://127.0.0.1:{unused_tcp_port}/health/live")


async def test_a_new_certificate_is_taken_over_and_what_is_under_way_is_answered(tmp_path, unused_tcp_port):
    waiting, go = asyncio.Semaphore(0), asyncio.Event()

    async def slow(ask):
        waiting.release()
        await go.wait()
        return Answer(200, {"sku": "A"})

    certificate, key = certify(tmp_path, "first")
    before = trusting(certificate)
    bearer = {"Authorization": f"Bearer {token()}"}
    async with (
        serving(door(getProduct=slow), unused_tcp_port, tls_certificate=certificate, tls_key=key),
        httpx.AsyncClient(verify=trusting(certificate), timeout=20) as client,
    ):
        assert await presented(unused_tcp_port) == "first"
        old = asyncio.create_task(client.get(f"https://127.0.0.1:{unused_tcp_port}{PRODUCT}", headers=bearer))
        second = await connect(unused_tcp_port, before)
        second.ask(1, PRODUCT, authorization=bearer["Authorization"])
        for _ in range(2):
            await asyncio.wait_for(waiting.acquire(), 10)
        certify(tmp_path, "second")
        await shown(unused_tcp_port, "second")
        go.set()
        assert (await old).status_code == 200
        assert (await second.answered(1))[0] == 200
        await asyncio.wait_for(second.gone(), 10)
        assert second.told_to_go
        async with httpx.AsyncClient(verify=trusting(certificate)) as fresh:
            assert (await fresh.get(f"https://127.0.0.1:{unused_tcp_port}/health/live")).status_code == 200


async def test_a_broken_certificate_is_not_taken_over(tmp_path, unused_tcp_port, caplog):
    certificate, key = certify(tmp_path, "good")
    async with serving(door(), unused_tcp_port, tls_certificate=certificate, tls_key=key):
        await shown(unused_tcp_port, "good")
        certificate.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
        async with asyncio.timeout(20):
            while "is not taken over" not in caplog.text:
                await asyncio.sleep(0.05)
        assert await presented(unused_tcp_port) == "good"
        certify(tmp_path, "better")
        await shown(unused_tcp_port, "better")


async def test_what_stopped_serving_leaves_the_port(tmp_path, unused_tcp_port):
    certificate, key = certify(tmp_path, "one")
    async with serving(door(), unused_tcp_port, tls_certificate=certificate, tls_key=key):
        await shown(unused_tcp_port, "one")
        certify(tmp_path, "two")
        await shown(unused_tcp_port, "two")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", unused_tcp_port)


def test_certificate_and_key_are_given_together_and_belong_together(tmp_path):
    certificate, key = certify(tmp_path)
    assert tls_of(Settings()) is None
    assert tls_of(Settings(tls_certificate=certificate, tls_key=key)) == Tls(certificate, key)
    for half in ({"tls_certificate": certificate}, {"tls_key": key}):
        with pytest.raises(Misconfigured, match="without its"):
            tls_of(Settings(**half))
    other = tmp_path / "other"
    other.mkdir()
    for wrong in (certify(other)[1], tmp_path / "nowhere", certificate):
        with pytest.raises(Misconfigured, match="cannot be used"):
            Tls(certificate, wrong).check()
    assert Settings(tls_certificate=certificate, tls_key=key).base_url == "https://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("given", "days", "well", "said"),
    [
        ({}, None, True, "plain HTTP on 127.0.0.1"),
        ({"host": "0.0.0.0"}, None, False, "plain HTTP on 0.0.0.0"),
        ({"host": "0.0.0.0"}, 90, True, "TLS 1.3, 89 days left"),
        ({"host": "0.0.0.0"}, 13, False, "12 days left"),
        ({"tls_key": Path("hub.key")}, None, False, "without its certificate"),
    ],
)
def test_the_doctor_tells_how_the_transport_is_sealed(tmp_path, given, days, well, said):
    if days is not None:
        certificate, key = certify(tmp_path, days=days)
        given = {**given, "tls_certificate": certificate, "tls_key": key}
    found = transport_finding(landscape(), Settings(**given))
    assert found.well is well
    assert said in found.seen
    assert bool(found.remedy) is not well


def test_plain_http_is_well_behind_proxies_that_are_trusted():
    proxied = landscape().model_copy(update={"transport": Transport(trusted_proxies=("10.0.0.0/8",))})
    found = transport_finding(proxied, Settings(host="0.0.0.0"))
    assert (found.well, found.seen) == (True, "plain HTTP on 0.0.0.0, behind the trusted proxies")


async def test_who_connects_and_says_nothing_holds_nobody_up(tmp_path, unused_tcp_port):
    certificate, key = certify(tmp_path)
    async with serving(door(), unused_tcp_port, tls_certificate=certificate, tls_key=key):
        silent = [await asyncio.open_connection("127.0.0.1", unused_tcp_port) for _ in range(200)]
        async with httpx.AsyncClient(verify=trusting(certificate)) as client:
            assert (await client.get(f"https://127.0.0.1:{unused_tcp_port}/health/live")).status_code == 200
        for _, writer in silent:
            writer.close()


async def test_the_command_line_reaches_a_node_by_its_very_certificate(tmp_path, unused_tcp_port):
    certificate, key = certify(tmp_path)
    url = f"https://127.0.0.1:{unused_tcp_port}"
    found = Running(url, url, "", 1, str(certificate))
    async with serving(door(), unused_tcp_port, tls_certificate=certificate, tls_key=key):
        async with aiohttp.ClientSession(connector=connector(found)) as session, session.get(url + LIVE) as reply:
            assert reply.status == 200
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        stranger = replace(found, certificate=str(certify(elsewhere)[0]))
        async with aiohttp.ClientSession(connector=connector(stranger)) as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(url + LIVE)
