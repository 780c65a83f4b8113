from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tillway.errors import Misconfigured
from tillway.landscape import InvalidLandscape, build, fingerprint, public_keys, read

COMMON = {
    "owner": "a",
    "contact": "b",
    "purpose": "c",
    "kind": "machine",
    "scopes": [],
    "shops": [],
    "review": "2027-06-30",
}
JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
X5T = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
HEX = "6F:07:0A:D1:EB:1C:DC:00:82:DC:30:76:63:9F:E5:11:2B:17:13:CA:3D:96:D7:34:E4:EF:3D:8D:D3:7E:76:0D"
PROXY = {"trusted_proxies": ["10.0.0.0/8"]}


def content(consumers: dict, **more: object) -> dict[str, str]:
    whole = {
        "organisation": {"name": "N", "currency": "EUR", "timezone": "Europe/Berlin"},
        "consumers": {name: {**COMMON, **entry} for name, entry in consumers.items()},
        **more,
    }
    # As JSON: PyYAML would write what stands twice as an alias, which a landscape refuses.
    return {"a.yaml": json.dumps(whole)}


def told(consumers: dict, **more: object) -> str:
    with pytest.raises(InvalidLandscape) as caught:
        build(content(consumers, **more))
    return str(caught.value)


@pytest.mark.parametrize(
    ("entry", "more"),
    [
        ({"secret": {"env": "A"}}, {}),
        ({"keys": [{"file": "a.jwk"}]}, {}),
        ({"keys": [{"jwk": JWK}]}, {}),
        ({"certificate": X5T}, {"transport": PROXY}),
        ({}, {"issuers": {"k8s": {"url": "https://i.example", "audience": "hub", "subjects": {"pod": "robot"}}}}),
        ({"kind": "person"}, {}),
    ],
)
def test_a_machine_has_one_way_at_least_to_prove_who_it_is(entry: dict, more: dict) -> None:
    assert build(content({"robot": entry}, **more)).consumers["robot"].proof == "none"


def test_a_machine_without_any_is_told_and_how_to_mend_it() -> None:
    assert "it cannot prove who it is" in told({"robot": {}})
    assert "add keys, a certificate" in told({"robot": {}})


@pytest.mark.parametrize("spelling", [X5T, HEX, HEX.replace(":", "").lower()])
def test_a_thumbprint_is_written_as_openssl_or_jose_does(spelling: str) -> None:
    landscape = build(content({"robot": {"certificate": spelling}}, transport=PROXY))
    assert landscape.consumers["robot"].certificate == "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"


@pytest.mark.parametrize("spelling", ["", "AAAA", "zz" * 32, X5T + "A", "ü" * 43])
def test_what_is_no_thumbprint_is_refused(spelling: str) -> None:
    assert "certificate" in told({"robot": {"certificate": spelling}}, transport=PROXY)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"keys": [{"jwk": {**JWK, "d": "c2VjcmV0"}}]}, "this is a private key or a shared secret"),
        ({"keys": [{"jwk": {"kty": "oct", "k": "c2VjcmV0"}}]}, "this is a private key or a shared secret"),
        ({"keys": [{}]}, "a public key is either"),
        ({"keys": [{"jwk": JWK, "file": "a"}]}, "a public key is either"),
        ({"keys": [{"jwk": JWK}], "proof": "bearer"}, "none, dpop"),
        ({"keys": [{"jwk": JWK}], "proof": "mtls"}, "client certificates are believed from trusted proxies only"),
        ({"certificate": X5T}, "client certificates are believed from trusted proxies only"),
        ({"keys": [{"jwk": JWK}], "acts_for": ["nobody"]}, "there is no consumer 'nobody'"),
        ({"keys": [{"jwk": JWK}], "acts_for": ["robot"]}, "needs no leave to act for itself"),
        ({"keys": [{"jwk": JWK}], "acts_for": ["anna"]}, "is a person"),
    ],
)
def test_what_does_not_fit_is_told(entry: dict, says: str) -> None:
    found = told({"robot": entry, "anna": {"kind": "person"}})
    assert says in found
    assert "c2VjcmV0" not in found


@pytest.mark.parametrize(
    ("issuer", "says"),
    [
        ({"url": "http://issuer.example"}, "http is for loopback addresses only"),
        ({"url": "https://issuer.example?a=b"}, "has no query"),
        ({"url": "https://user:pw@issuer.example"}, "credentials do not belong"),
        ({"subjects": {}}, "subjects"),
        ({"subjects": {"pod": "nobody"}}, "there is no consumer 'nobody'"),
        ({"subjects": {"pod": "anna"}}, "is a person"),
    ],
)
def test_an_issuer_that_cannot_be_trusted_is_told(issuer: dict, says: str) -> None:
    entry = {"url": "https://issuer.example", "audience": "hub", "subjects": {"pod": "robot"}, **issuer}
    consumers = {"robot": {"secret": {"env": "A"}}, "anna": {"kind": "person"}}
    assert says in told(consumers, issuers={"k8s": entry})


def test_two_issuers_have_two_addresses() -> None:
    entry = {"url": "https://issuer.example", "audience": "hub", "subjects": {"pod": "robot"}}
    assert "the same URL" in told({"robot": {"secret": {"env": "A"}}}, issuers={"a": entry, "b": entry})


@pytest.mark.parametrize("host", ["127.0.0.1:9", "[::1]:9", "localhost:9"])
def test_an_issuer_on_this_machine_may_speak_http(host: str) -> None:
    entry = {"url": f"http://{host}", "audience": "hub", "subjects": {"pod": "robot"}}
    assert build(content({"robot": {}}, issuers={"dev": entry})).issuers["dev"].url == f"http://{host}"


def test_a_key_file_is_read_and_watched(tmp_path: Path) -> None:
    files = content({"robot": {"keys": [{"file": "../keys/robot.jwk"}]}})
    directory = tmp_path / "landscape"
    directory.mkdir()
    (directory / "a.yaml").write_text(yaml.safe_dump(json.loads(files["a.yaml"])))
    landscape = read(directory)
    before = fingerprint(directory, landscape)
    ((_, ref),) = landscape.key_refs()
    with pytest.raises(Misconfigured, match="public key in file"):
        public_keys(ref, directory)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "robot.jwk").write_text("not json")
    with pytest.raises(Misconfigured, match="is not JSON"):
        public_keys(ref, directory)
    (tmp_path / "keys" / "robot.jwk").write_text(json.dumps(JWK))
    assert public_keys(ref, directory) == JWK
    assert fingerprint(directory, landscape) != before
