"""Where a request comes from: believed of trusted proxies only, and of them the nearest that is not one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.gateway.front_door import front, landscape, token

from tillway.gateway import Answer
from tillway.gateway.addresses import UNKNOWN, client_of, plain
from tillway.gateway.presenting import joined
from tillway.landscape import Transport

PROXIES = Transport(trusted_proxies=("10.0.0.0/8", "fd00::/8"))
RFC7239 = Transport(trusted_proxies=("10.0.0.0/8",), client_address="forwarded")


def xff(*lines: str) -> dict[bytes, bytes]:
    return joined([(b"x-forwarded-for", line.encode("latin-1")) for line in lines])


@pytest.mark.parametrize(
    ("peer", "sent", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: whatever it says
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        # What stands before the first stranger was written by the stranger.
        ("10.0.0.1", ["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.9.9.9, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["127.0.0.1", "198.51.100.1"], "198.51.100.1"),  # two lines are one list
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),  # a client among our own
        # What cannot be read is nobody's address, and least of all a trusted one.
        ("10.0.0.1", [""], UNKNOWN),
        ("10.0.0.1", ["198.51.100.1, unknown"], UNKNOWN),
        ("10.0.0.1", ["198.51.100.1,"], UNKNOWN),
        ("10.0.0.1", ["198.51.100.1, 999.1.1.1"], UNKNOWN),
        ("10.0.0.1", ["198.51.100.1, \xff"], UNKNOWN),
        ("10.0.0.1", [", ".join(["10.0.0.2"] * 17)], UNKNOWN),
        ("", ["198.51.100.1"], ""),
        ("not an address", ["198.51.100.1"], "not an address"),
    ],
)
def test_the_nearest_address_that_is_no_proxys_is_the_clients(peer, sent, client):
    assert client_of(peer, xff(*sent), PROXIES) == client


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('For="198.51.100.1:4711";proto=https;by=10.0.0.1', "198.51.100.1"),
        ('proto=https;for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=127.0.0.1, for=198.51.100.1;proto=https , for=10.0.0.2", "198.51.100.1"),
        ("for=198.51.100.1, for=_hidden", UNKNOWN),
        ("for=198.51.100.1, proto=https", UNKNOWN),
        ('for=198.51.100.1, for="10.0.0.2', UNKNOWN),
        ("for=198.51.100.1 for=10.0.0.2", UNKNOWN),
        ('for="198.51.100.1, for=10.0.0.2"', UNKNOWN),
    ],
)
def test_forwarded_is_read_as_its_standard_has_it(sent, client):
    assert client_of("10.0.0.1", {b"forwarded": sent.encode()}, RFC7239) == client


def test_the_header_that_our_proxies_do_not_write_says_nothing():
    both = {b"forwarded": b"for=127.0.0.1", b"x-forwarded-for": b"198.51.100.1"}
    assert client_of("10.0.0.1", both, PROXIES) == "198.51.100.1"
    assert client_of("10.0.0.1", both, RFC7239) == "127.0.0.1"
    assert client_of("10.0.0.1", {b"forwarded": b"for=127.0.0.1"}, PROXIES) == "10.0.0.1"


@given(st.text(max_size=60), st.text(max_size=40))
def test_whatever_a_client_sends_before_its_address_changes_nothing(sent, more):
    written = (sent + "," + more).encode("latin-1", "replace").decode("latin-1")
    assert client_of("10.0.0.1", xff(written, "198.51.100.1"), PROXIES) == "198.51.100.1"
    assert client_of("203.0.113.9", xff(written), PROXIES) == "203.0.113.9"


@given(st.binary(max_size=80))
def test_no_header_is_read_with_an_exception(sent):
    for transport in (PROXIES, RFC7239):
        assert isinstance(client_of("10.0.0.1", {b"forwarded": sent, b"x-forwarded-for": sent}, transport), str)
    assert isinstance(plain("::ffff:" + sent.decode("latin-1")), str)


async def test_handlers_and_policies_are_told_the_clients_address():
    told = []

    async def tell(ask):
        told.append(ask.peer)
        return Answer(200, {})

    land = landscape().model_copy(update={"transport": PROXIES})
    door = front(getProduct=tell, land=land)
    for peer in ("10.0.0.1", "203.0.113.9"):
        sent = {"x-forwarded-for": "198.51.100.1"}
        await door.ask("GET", "/products/v1/products/A", token=token(), headers=sent, peer=peer)
    assert told == ["198.51.100.1", "203.0.113.9"]
