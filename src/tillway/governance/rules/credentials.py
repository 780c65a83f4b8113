"""House rules on how machines prove who they are and where the hub connects to. Pure."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from tillway.governance.rules.rule import Found, Path, Subject, rule
from tillway.landscape import Consumer, loopback

# A network of ours that is larger than this is the internet, or everything that somebody else owns.
PREFIX_MIN: Final = {4: 8, 6: 32}


def _proves(consumer: Consumer) -> Iterator[tuple[Path, str]]:
    """What a consumer proves itself with, as a text that is equal for equal credentials."""
    here: Path = ("consumers", consumer.id)
    if consumer.secret is not None:
        yield (*here, "secret"), f"the secret {_ref(consumer.secret)}"
    if consumer.certificate is not None:
        yield (*here, "certificate"), f"the certificate {consumer.certificate}"
    for index, key in enumerate(consumer.keys):
        told = f"the file {key.file}" if key.file else json.dumps(dict(key.jwk or {}), sort_keys=True)
        yield (*here, "keys", index), f"the key {told}"


def _ref(secret: Any) -> str:
    return f"variable {secret.env}" if secret.env else f"file {secret.file}"


@rule(
    "credential-shared",
    "error",
    sentence="No two consumers prove themselves with the same secret, key or certificate.",
    why="With a shared credential the audit cannot say who acted, and one cannot be cut off without the other.",
    remedy="give each a credential of its own",
    breaks="consumers: {desk: {keys: [{file: keys/webshop.json}]}}",
    keeps="consumers: {desk: {keys: [{file: keys/desk.json}]}}",
)
def credential_shared(subject: Subject) -> Iterator[Found]:
    """Credentials are nobody else's."""
    seen: dict[str, str] = {}
    for one in subject.landscape.consumers.values():
        for path, told in _proves(one):
            first = seen.setdefault(told, one.id)
            if first != one.id:
                yield Found(path, f"{first!r} has the same")
    places: dict[str, str] = {}
    for where, secret in subject.landscape.secret_refs():
        first = places.setdefault(_ref(secret), where)
        if first != where and not (first.startswith("consumers.") and where.startswith("consumers.")):
            yield Found(tuple(where.split(".")), f"{first} has the same")


@rule(
    "machine-with-secret",
    "warning",
    sentence="A machine proves itself with a key or a certificate, not with a shared secret.",
    why="A secret stands in two places and travels with each token request; a key never leaves its machine.",
    remedy="add `keys` or a `certificate` and take `secret` out",
    breaks="consumers: {desk: {keys: [], secret: {env: DESK_SECRET}}}",
    keeps="consumers: {desk: {keys: [{file: keys/desk.json}]}}",
)
def machine_with_secret(subject: Subject) -> Iterator[Found]:
    """Secrets are for development."""
    for one in subject.landscape.consumers.values():
        if one.secret is not None and one.kind != "device":
            yield Found(("consumers", one.id, "secret"), "it proves itself with a shared secret")


@rule(
    "device-with-secret",
    "error",
    sentence="Devices are enrolled, each with a key of its own.",
    why="One secret in every till means that a stolen till speaks for all of them, until all of them are changed.",
    remedy="take `secret` out and let devices in with `tillway device enrol`",
    breaks="consumers: {tills: {secret: {env: TILL_SECRET}}}",
    keeps="consumers: {tills: {secret: null}}",
)
def device_with_secret(subject: Subject) -> Iterator[Found]:
    """No device has a secret in common with others."""
    for one in subject.landscape.consumers.values():
        if one.secret is not None and one.kind == "device":
            yield Found(("consumers", one.id, "secret"), "devices share this secret")


@rule(
    "closed-data-on-bearer",
    "warning",
    sentence="Tokens that read personal or payment data are bound to a key or a certificate.",
    why="Whoever finds a bearer token in a log or a proxy can use it; a bound one is worth nothing without its key.",
    remedy="set `proof: dpop` or `proof: mtls`",
    breaks="consumers: {webshop: {proof: none}}",
    keeps="consumers: {webshop: {proof: dpop}}",
)
def closed_data_on_bearer(subject: Subject) -> Iterator[Found]:
    """Closed data is read with a proof."""
    for one in subject.landscape.consumers.values():
        if one.data_classes and one.proof == "none" and one.kind in {"machine", "agent"}:
            text = f"it reads {' and '.join(one.data_classes)} data with a token that whoever holds it may use"
            yield Found(("consumers", one.id, "proof"), text)


@rule(
    "plain-http",
    "error",
    sentence="Nothing is called over plain http but this very machine.",
    why="Keys and personal data would cross the network readable, and anybody on the way could answer instead.",
    remedy="use https",
    breaks="connections: {erp: {url: 'http://erp.nordwind.example'}}",
    keeps="connections: {erp: {url: 'https://erp.nordwind.example'}}",
)
def plain_http(subject: Subject) -> Iterator[Found]:
    """URLs that are called are https."""
    held = subject.landscape
    urls: list[tuple[Path, str]] = [(("connections", each.id, "url"), each.url) for each in held.connections.values()]
    urls += [(("upstreams", each.id, "url"), each.url) for each in held.upstreams.values()]
    urls += [(("subscriptions", each.id, "delivery", "url"), each.delivery.url) for each in held.subscriptions.values()]
    for path, url in urls:
        parts = urlsplit(url)
        if parts.scheme == "http" and not loopback(parts.hostname or ""):
            yield Found(path, f"{parts.hostname} is called over plain http")


@rule(
    "network-too-wide",
    "error",
    sentence="Networks that are trusted or may be called are the retailer's own.",
    why="A wide range lets a subscriber's address reach inner services, or lets anybody pose as the proxy in front.",
    remedy=f"name the networks that are needed, /{PREFIX_MIN[4]} at the widest",
    breaks="outbound: {allow_networks: [0.0.0.0/0]}",
    keeps="outbound: {allow_networks: [10.20.0.0/16]}",
)
def network_too_wide(subject: Subject) -> Iterator[Found]:
    """Ranges have an end."""
    held = subject.landscape
    for path, ranges in (
        (("outbound", "allow_networks"), held.outbound.allow_networks),
        (("transport", "trusted_proxies"), held.transport.trusted_proxies),
    ):
        for index, text in enumerate(ranges):
            network = ipaddress.ip_network(text)
            if network.prefixlen < PREFIX_MIN[network.version]:
                yield Found((*path, index), f"{text} is {network.num_addresses} addresses")


@rule(
    "browser-may-write",
    "error",
    sentence="What runs in browsers holds no right to operate the hub, and no secret.",
    why="Whatever a page holds its visitors hold too.",
    remedy="take `origins` out, or the operations scopes and the secret",
    breaks="consumers: {webshop: {origins: ['https://shop.nordwind.example'],"
    " scopes: ['orders:read', 'orders:write', 'events:read', 'miles:read', 'miles:write',"
    " 'subscriptions:read', 'subscriptions:write',"
    " 'operations:read']}}",
    keeps="consumers: {webshop: {origins: ['https://shop.nordwind.example']}}",
)
def browser_may_write(subject: Subject) -> Iterator[Found]:
    """Consumers with origins are no operators."""
    for one in subject.landscape.consumers.values():
        if not one.origins:
            continue
        for index, scope in enumerate(one.scopes):
            if scope.startswith("operations:"):
                yield Found(("consumers", one.id, "scopes", index), f"{scope} is held by pages in browsers")
        if one.secret is not None:
            yield Found(("consumers", one.id, "origins"), "pages in browsers would hold its secret")


RULES: Final = (
    credential_shared,
    machine_with_secret,
    device_with_secret,
    closed_data_on_bearer,
    plain_http,
    network_too_wide,
    browser_may_write,
)
