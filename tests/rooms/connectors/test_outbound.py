"""How a call to the outside ends: a reply, nothing done, or an outcome that is not known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tillway import clock
from tillway.errors import Misconfigured, OutcomeUnknown, Poison, TillwayError, TryAgain, Unavailable
from tillway.outbound import Breakers, Client, Limits, Reply, Request, reach
from tillway.postgres import Database

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Note: n\r\nConnection: close\r\n\r\nhi"


@asynccontextmanager
async def server(behaviour: Behaviour) -> AsyncIterator[str]:
    """A server on loopback that behaves like this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/path/s3cret?token=s3cret"


def answering(answer: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return behave


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


def request(url: str, *, changes: bool = True, **more: Any) -> Request:
    return Request(
        method="POST", url=url, headers={"Authorization": "bearer s3cret"}, body=b"s3cret", changes=changes, **more
    )


async def ending(url: str, *, changes: bool = True, **more: Any) -> TillwayError:
    """The error of a call, which tells no secret."""
    async with Client(reach(["127.0.0.0/8", "::1/128"])) as client:
        with pytest.raises(TillwayError) as caught:
            await client.send(request(url, changes=changes, **more))
    assert "s3cret" not in f"{caught.value}{caught.value.remedy}{caught.value.__cause__}"
    return caught.value


async def endings(url: str, **more: Any) -> list[type[TillwayError]]:
    """How a call that changes something ends, and one that does not."""
    return [type(await ending(url, changes=changes, **more)) for changes in (True, False)]


async def test_a_reply_is_returned_whatever_its_status() -> None:
    async with server(answering(OK.replace(b"200 OK", b"503 No"))) as url, Client(reach(["127.0.0.0/8"])) as client:
        reply = await client.send(request(url))

    assert (reply.status, reply.body, reply.headers["x-note"]) == (503, b"hi", "n")


async def test_a_far_side_that_is_down_is_left_alone_and_others_are_not() -> None:
    """After five failures nothing is sent any more; the breaker counts by the name of the far side."""
    asked = 0

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await answering(OK.replace(b"200 OK", b"503 No"))(reader, writer)

    async with server(behave) as url, Client(reach(["127.0.0.0/8"]), breakers=Breakers()) as client:
        for _ in range(5):
            await client.send(request(url, upstream="erp"))
        with pytest.raises(Unavailable) as refused:
            await client.send(request(url, upstream="erp"))
        assert (await client.send(request(url))).status == 503
    assert asked == 6
    assert 0 < (refused.value.retry_after or 0) <= 0.5


async def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with server(answering(answer)) as url, Client(reach(["127.0.0.0/8"])) as client:
        reply = await client.send(request(url))

    assert reply == Reply(status=302, headers=reply.headers, body=b"")


async def test_without_a_connection_nothing_was_done(unused_tcp_port: int) -> None:
    assert await endings(f"http://127.0.0.1:{unused_tcp_port}/") == [Unavailable, Unavailable]


async def test_an_unknown_name_means_nothing_was_done() -> None:
    assert await endings("http://nowhere.invalid/") == [Unavailable, Unavailable]


async def test_silence_leaves_the_outcome_of_a_change_open() -> None:
    async with server(silent) as url:
        assert await endings(url, limits=Limits(total=0.2)) == [OutcomeUnknown, Unavailable]


async def test_a_broken_connection_leaves_the_outcome_of_a_change_open() -> None:
    async with server(hanging_up) as url:
        assert await endings(url) == [OutcomeUnknown, Unavailable]


async def test_half_an_answer_is_none() -> None:
    async with server(answering(OK[:-1])) as url:
        assert await endings(url) == [OutcomeUnknown, Unavailable]


async def test_nonsense_instead_of_http_is_no_answer() -> None:
    async with server(answering(b"SSH-2.0-OpenSSH\r\n\r\n")) as url:
        assert await endings(url) == [OutcomeUnknown, Unavailable]


async def test_an_answer_beyond_the_limit_is_not_kept() -> None:
    async with server(answering(OK.replace(b"Length: 2", b"Length: 9000").replace(b"hi", b"h" * 9000))) as url:
        assert await endings(url, limits=Limits(answer=8999)) == [OutcomeUnknown, Poison]


async def test_the_deadline_cuts_the_limit_short() -> None:
    begun = clock.monotonic()
    async with server(silent) as url:
        error = await ending(url, deadline=clock.now() + timedelta(seconds=0.2))

    assert type(error) is OutcomeUnknown
    assert clock.monotonic() - begun < Limits().total / 2


async def test_a_deadline_that_passed_sends_nothing() -> None:
    assert type(await ending("http://127.0.0.1:1/", deadline=clock.now())) is TryAgain


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1", "0.0.0.0"]
)
async def test_an_inner_address_is_not_called_under_any_name(host: str) -> None:
    called: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(await reader.read(-1))

    async with server(behave) as url, Client(reach()) as client:
        with pytest.raises((Misconfigured, Unavailable)) as caught:
            await client.send(request(url.replace("127.0.0.1", host)))

    assert called == []
    assert host in {"2130706433", "0x7f000001", "127.1"} or isinstance(caught.value, Misconfigured)


@pytest.mark.parametrize("url", ["ftp://a.example/", "nonsense", "http://user:s3cret@a.example/", "http://a b/"])
async def test_what_is_no_url_to_call_is_a_mistake_in_the_landscape(url: str) -> None:
    assert type(await ending(url)) is Misconfigured


async def test_nothing_is_called_inside_a_transaction(db: Database) -> None:
    async with Client(reach(["127.0.0.0/8"])) as client, db.transaction():
        with pytest.raises(RuntimeError, match="awaits nothing but Postgres"):
            await client.send(request("http://127.0.0.1:1/"))


async def test_cookies_of_the_far_side_are_not_sent_back() -> None:
    heads: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK.replace(b"X-Note: n", b"Set-Cookie: session=1"))
        await writer.drain()

    async with server(behave) as url, Client(reach(["127.0.0.0/8"])) as client:
        await client.send(request(url))
        await client.send(request(url))

    assert [b"cookie" in head.lower() for head in heads] == [False, False]


async def test_nothing_of_a_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with server(answering(OK)) as url, Client(reach(["127.0.0.0/8"])) as client:
        await client.send(request(url))

    assert "s3cret" not in caplog.text
