"""Reading and draining request bodies."""

from __future__ import annotations

import asyncio

import pytest

from tillway.errors import TooLarge
from tillway.web import ClientGone, Incoming, TooSlow, incoming


class Line:
    """A connection that sends these pieces, then whatever comes last, and counts what was taken."""

    def __init__(self, *pieces, gone=False, stalls=False):
        self.messages = [
            {"type": "http.request", "body": piece, "more_body": gone or stalls or at + 1 < len(pieces)}
            for at, piece in enumerate(pieces)
        ]
        self.gone = gone
        self.taken = 0

    async def __call__(self):
        if self.messages:
            self.taken += 1
            return self.messages.pop(0)
        if self.gone:
            return {"type": "http.disconnect"}
        return await asyncio.Event().wait()


def body(line, **headers):
    return Incoming(line, {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()})


async def test_a_body_in_one_piece_is_read():
    assert await body(Line(b"abc"), content_length="3").read(3) == b"abc"


async def test_a_body_in_pieces_is_put_together():
    assert await body(Line(b"ab", b"", b"cd"), transfer_encoding="chunked").read(4) == b"abcd"


async def test_a_declared_length_above_the_limit_is_refused_unread():
    line = Line(b"abcd")
    with pytest.raises(TooLarge):
        await body(line, content_length="4").read(3)
    assert line.taken == 0


@pytest.mark.parametrize("pieces", [(b"abcd",), (b"ab", b"cd", b"ef")])
async def test_streamed_bytes_above_the_limit_are_refused(pieces):
    with pytest.raises(TooLarge):
        await body(Line(*pieces), transfer_encoding="chunked").read(3)


async def test_what_is_left_of_a_refused_body_is_drained():
    line = Line(b"ab", b"cd", b"ef")
    refused = body(line, content_length="6")
    with pytest.raises(TooLarge):
        await refused.read(3)
    assert await refused.drain()
    assert line.taken == 3


async def test_draining_what_was_read_takes_nothing():
    line = Line(b"ab")
    read = body(line, content_length="2")
    await read.read(2)
    assert await read.drain()
    assert line.taken == 1


async def test_draining_ends_at_its_bound(monkeypatch):
    monkeypatch.setattr(incoming, "DRAIN_BYTES", 3)
    line = Line(*[b"ab"] * 10)
    assert not await body(line, content_length="20").drain()
    assert line.taken == 2


async def test_draining_ends_when_nothing_arrives(monkeypatch):
    monkeypatch.setattr(incoming, "DRAIN_SECONDS", 0.01)
    assert not await body(Line(b"ab", stalls=True), content_length="20").drain()


async def test_a_client_that_waits_for_permission_is_refused_without_draining():
    line = Line(b"ab")
    assert not await body(line, content_length="2", expect="100-continue").drain()
    assert line.taken == 0


async def test_a_body_that_never_ends_is_too_slow_and_its_line_is_closed(monkeypatch):
    monkeypatch.setattr(incoming, "PATIENT_SECONDS", 0.01)
    stalling = body(Line(b"ab", stalls=True), content_length="20")
    with pytest.raises(TooSlow):
        await stalling.read(100)
    assert not await stalling.drain()


async def test_who_goes_on_sending_gets_the_time_it_takes(monkeypatch):
    """Each piece earns time: ten pieces, each just in time, take ten times as long as a silent line would get."""
    monkeypatch.setattr(incoming, "PATIENT_SECONDS", 0.1)
    monkeypatch.setattr(incoming, "BYTES_PER_SECOND", 10)
    line, loop = Line(*[b"a"] * 10), asyncio.get_running_loop()
    began = loop.time()

    async def dripping():
        late = loop.create_future()
        loop.call_at(began + 0.05 * (line.taken + 1), late.set_result, None)
        await late
        return await line()

    assert await Incoming(dripping, {b"content-length": b"10"}).read(100) == b"a" * 10
    assert loop.time() - began > 0.4


async def test_a_line_that_drips_does_not_go_on_for_ever(monkeypatch):
    monkeypatch.setattr(incoming, "PATIENT_SECONDS", 0.05)
    monkeypatch.setattr(incoming, "BYTES_PER_SECOND", 1_000_000)
    line = Line(*[b"a"] * 1000)

    async def dripping():
        late = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.02, late.set_result, None)
        await late
        return await line()

    with pytest.raises(TooSlow):
        await Incoming(dripping, {b"content-length": b"1000"}).read(1000)
    assert line.taken < 10


async def test_a_client_that_hangs_up_is_gone():
    with pytest.raises(ClientGone):
        await body(Line(b"ab", gone=True), content_length="20").read(100)


@pytest.mark.parametrize("headers", [{}, {"content_length": "0"}])
def test_a_request_without_a_body_leaves_nothing_on_the_line(headers):
    assert body(Line(), **headers).done
