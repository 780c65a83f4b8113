"""Malformed and ambiguous requests on the wire: a 4xx or a closed connection, one request at most, never a 5xx.

Each is followed on the same connection by what an attacker would smuggle in behind it.
"""

from __future__ import annotations

import asyncio
import gzip
import re

import pytest
from tests.pure.gateway.front_door import front, token
from tests.rooms.transport.served import serving

from tillway.app import serving as module
from tillway.gateway import Answer

HEAD = b"Host: hub.example.com\r\n"
STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")
BEARER = b"Authorization: Bearer %s\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ORDERS = b"POST /orders/v1/orders HTTP/1.1\r\n" + HEAD
LIVE = b"GET /health/live HTTP/1.1\r\n" + HEAD
SMUGGLED = b"GET /products/v1/products/SMUGGLED HTTP/1.1\r\n" + HEAD + BEARER + b"\r\n"
UNPROVEN = SMUGGLED.replace(BEARER, b"")
END = b"\r\n"

MALFORMED = {
    "length, then chunked": ORDERS + b"Content-Length: 4\r\n" + CHUNKED + END + b"0\r\n\r\n",
    "chunked, then length": ORDERS + CHUNKED + b"Content-Length: 4\r\n" + END + b"0\r\n\r\n",
    "a coding that ends otherwise": ORDERS + b"Transfer-Encoding: xchunked\r\n" + END + b"0\r\n\r\n",
    "two codings": ORDERS + CHUNKED + b"Transfer-Encoding: identity\r\n" + END + b"0\r\n\r\n",
    "a coding we do not know": ORDERS + b"Transfer-Encoding: gzip, chunked\r\n" + END + b"0\r\n\r\n",
    "a vertical tab before chunked": ORDERS + b"Transfer-Encoding:\x0bchunked\r\n" + END + b"0\r\n\r\n",
    "a space before the colon": ORDERS + b"Transfer-Encoding : chunked\r\n" + END + b"0\r\n\r\n",
    "chunked in HTTP/1.0": ORDERS.replace(b"1.1", b"1.0")
    + CHUNKED
    + b"Connection: keep-alive\r\n"
    + END
    + b"0\r\n\r\n",
    "two lengths": ORDERS + b"Content-Length: 4\r\nContent-Length: 5\r\n" + END + b"{}   ",
    "a list of lengths": ORDERS + b"Content-Length: 4, 4\r\n" + END + b"{}  ",
    "a length with a sign": ORDERS + b"Content-Length: +4\r\n" + END + b"{}  ",
    "a negative length": ORDERS + b"Content-Length: -4\r\n" + END,
    "a length beyond any": ORDERS + b"Content-Length: 99999999999999999999999\r\n" + END,
    "a chunk of no size": ORDERS + JSON + CHUNKED + BEARER + END + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk size beyond any": ORDERS + JSON + CHUNKED + BEARER + END + b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk size with a prefix": ORDERS + JSON + CHUNKED + BEARER + END + b"0x2\r\n{}\r\n0\r\n\r\n",
    "chunks that end in LF": ORDERS + JSON + CHUNKED + BEARER + END + b"2\n{}\n0\n\n",
    "a chunk longer than its size": ORDERS + JSON + CHUNKED + BEARER + END + b"2\r\n{}XX0\r\n\r\n",
    "LF in a chunk extension": ORDERS + JSON + CHUNKED + BEARER + END + b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "a bad chunk of who is refused": ORDERS + CHUNKED + END + b"zz\r\n{}\r\n0\r\n\r\n",
    "a folded header": LIVE + b"X-A: b\r\n c\r\n" + END,
    "NUL in a header": LIVE + b"X-A: b\x00c\r\n" + END,
    "CR in a header": LIVE + b"X-A: b\rc: d\r\n" + END,
    "a header without a name": LIVE + b": x\r\n" + END,
    "no host": b"GET /health/live HTTP/1.1\r\n" + END,
    "two hosts": LIVE + b"Host: other.example.com\r\n" + END,
    "a host that is none": b"GET /health/live HTTP/1.1\r\nHost: a b/@\r\n" + END,
    "two tokens": LIVE + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" + END,
    "two media types": ORDERS + JSON + b"Content-Type: text/plain\r\n" + BEARER + END,
    "a method that is none": b"G@T /health/live HTTP/1.1\r\n" + HEAD + END,
    "a space in the path": b"GET /health /live HTTP/1.1\r\n" + HEAD + END,
    "NUL in the path": b"GET /health\x00/live HTTP/1.1\r\n" + HEAD + END,
    "bytes in the path": b"GET /health\xff/live HTTP/1.1\r\n" + HEAD + END,
    "HTTP/0.9": b"GET /health/live\r\n" + END,
    "HTTP/3 in words": b"GET /health/live HTTP/3.0\r\n" + HEAD + END,
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HEAD + END,
    "a header of a megabyte": LIVE + b"X-A: " + b"a" * 1_000_000 + b"\r\n" + END,
    "five hundred headers": LIVE + b"".join(b"X-%d: a\r\n" % each for each in range(500)) + END,
    "a path of a hundred kilobytes": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HEAD + END,
}

STRANGE = {
    "absolute-form": (b"GET http://evil.example/health/live HTTP/1.1\r\n" + HEAD + END, 200),
    "absolute-form elsewhere": (b"GET http://evil.example/products/v1/products/A HTTP/1.1\r\n" + HEAD + END, 401),
    "asterisk-form": (b"OPTIONS * HTTP/1.1\r\n" + HEAD + END, 404),
    "dot segments": (b"GET /health/live/../../products/v1/products/A HTTP/1.1\r\n" + HEAD + END, 404),
    "two slashes": (b"GET //health/live HTTP/1.1\r\n" + HEAD + END, 404),
    "an encoded slash": (b"GET /health%2Flive HTTP/1.1\r\n" + HEAD + END, 404),
    "capital letters": (b"GET /HEALTH/LIVE HTTP/1.1\r\n" + HEAD + END, 404),
    "an upgrade": (LIVE + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" + END, 200),
    "HTTP/2 by upgrade": (LIVE + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n" + END, 200),
    "a body of a GET": (LIVE + b"Content-Length: %d\r\n" % len(UNPROVEN) + END + UNPROVEN, 200),
}  # fmt: skip


@pytest.fixture
async def hub(unused_tcp_port):
    """Ask with raw bytes: the statuses that came, whether the connection was closed, and what handlers were asked."""
    asked: list[str] = []

    async def product(ask):
        asked.append(ask.path["sku"])
        return Answer(200, {"sku": ask.path["sku"]})

    async def order(ask):
        asked.append("order")
        return Answer(201, {})

    bearer = token().encode()

    async def ask(raw: bytes, *, seconds: float = 10.0) -> tuple[list[int], bool]:
        asked.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(raw.replace(b"Bearer %s", b"Bearer " + bearer))
        came, closed = await _all(reader, seconds)
        writer.transport.abort()
        return [int(status) for status in STATUS.findall(came)], closed

    async with serving(front(getProduct=product, placeOrder=order).door, unused_tcp_port):
        ask.asked = asked
        yield ask


async def _all(reader: asyncio.StreamReader, seconds: float) -> tuple[bytes, bool]:
    came = b""
    try:
        async with asyncio.timeout(seconds):
            while piece := await reader.read(65536):
                came += piece
    except TimeoutError:
        return came, False
    except ConnectionError:
        return came, True
    return came, True


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
async def test_what_cannot_be_read_in_one_way_ends_the_connection(hub, raw):
    statuses, closed = await hub(raw + SMUGGLED)
    assert closed
    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses)
    assert hub.asked == []


@pytest.mark.parametrize(("raw", "status"), STRANGE.values(), ids=STRANGE)
async def test_what_is_strange_but_clear_means_what_it_says(hub, raw, status):
    statuses, closed = await hub(raw + LIVE + b"Connection: close\r\n" + END)
    assert closed
    assert statuses == [status, 200]
    assert hub.asked == []


async def test_pipelined_requests_are_answered_each_in_turn(hub):
    whole = b"".join(SMUGGLED.replace(b"SMUGGLED", each) for each in (b"A", b"B", b"C"))
    statuses, _ = await hub(whole + LIVE + b"Connection: close\r\n" + END)
    assert statuses == [200] * 4
    assert hub.asked == ["A", "B", "C"]


async def test_a_head_that_does_not_come_is_not_waited_for(unused_tcp_port, monkeypatch):
    monkeypatch.setattr(module, "HEADER_MILLISECONDS", 300)
    async with serving(front().door, unused_tcp_port):
        for sent in (b"", LIVE[:20], LIVE):
            reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
            writer.write(sent)
            came, closed = await _all(reader, 10)
            assert closed
            assert b" 200 " not in came
            assert b" 5" not in came[:16]
            writer.transport.abort()


async def test_a_body_that_unpacks_to_a_gigabyte_is_refused_unread(hub):
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    for encoding in (b"gzip", b"GZIP", b"identity, gzip", b"br"):
        head = ORDERS + JSON + BEARER + b"Content-Encoding: " + encoding + b"\r\nConnection: close\r\n"
        statuses, closed = await hub(head + b"Content-Length: %d\r\n" % len(bomb) + END + bomb)
        assert (statuses, closed, hub.asked) == ([415], True, [])
