from __future__ import annotations

import pytest

from tillway.outbound import origin, reach


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_the_public_internet_may_be_called(address: str) -> None:
    assert reach().allows(address) is True


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.5",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
    ],
)
def test_what_lies_inside_may_not(address: str) -> None:
    assert reach().allows(address) is False


@pytest.mark.parametrize(
    "address", ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::1"]
)
def test_an_inner_address_in_the_dress_of_another_is_recognised(address: str) -> None:
    assert reach().allows(address) is False


def test_a_network_that_an_operator_named_may_be_called() -> None:
    own = reach(["127.0.0.0/8", "fd00::/8"])

    assert [own.allows(each) for each in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::1", "10.0.0.1", "::1")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("text", ["localhost", "", "1.2.3", "0x7f.1", "2130706433"])
def test_what_is_no_address_is_not_allowed(text: str) -> None:
    assert reach(["0.0.0.0/0"]).allows(text) is False


def test_a_network_that_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 network"):
        reach(["the office"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/hooks/s3cret?token=t#f", "https://shop.example"),
        ("http://shop.example:8069/json/2", "http://shop.example:8069"),
        ("http://[::1]:80/x", "http://[::1]:80"),
    ],
)
def test_only_the_origin_of_a_url_is_spoken_of(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize("url", ["ftp://a.example", "//a.example", "https://", "file:///etc/passwd", "nonsense"])
def test_only_http_is_called(url: str) -> None:
    with pytest.raises(ValueError, match="begins with http"):
        origin(url)


@pytest.mark.parametrize("url", ["https://a b.example", "https://a.example/\n", "https://ä.example", "https://a\x00.b"])
def test_a_url_is_printable_ascii(url: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        origin(url)


@pytest.mark.parametrize("url", ["https://user:pass@a.example", "https://user@a.example"])
def test_a_url_carries_no_password(url: str) -> None:
    with pytest.raises(ValueError, match="no user name or password"):
        origin(url)
