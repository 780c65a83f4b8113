"""Machines of the test's own at a whole door: keys, assertions, proofs and certificates made as their programs would."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.jwk import ECKey
from tests.contract.small_hub import APIS, CONTENT
from tests.pure.gateway.front_door import REALM, RING, Front

from tillway import clock
from tillway.contracts import load
from tillway.gateway import Answer, build
from tillway.identity import Issuers, SigningKeys, read_keys
from tillway.landscape import Active
from tillway.landscape import build as build_landscape
from tillway.postgres import Database

TOKEN_URL = f"{REALM.issuer}/oauth2/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PROXY = "10.1.2.3"
STRANGER = "203.0.113.9"
PRODUCT = "/products/v1/products/MUG-STON"

COMMON = {"owner": "it", "contact": "it@example.com", "purpose": "tests", "kind": "machine", "review": "2027-06-30"}
SCOPES = ["products:read", "prices:read", "pos:write"]


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", private=True)


def jwt(claims: dict, key, **header) -> str:
    """Signed by hand: a library would refuse to make what must be refused."""
    header = {name: value for name, value in {"alg": "ES256", "typ": "JWT", **header}.items() if value is not None}
    claims = {name: seconds_from_now(value) for name, value in claims.items()}
    said = ".".join(b64(json.dumps(each).encode()) for each in (header, claims))
    signature = jws.JWSRegistry.algorithms[header["alg"]].sign(said.encode(), key)
    return f"{said}.{b64(signature)}"


def seconds_from_now(value):
    """A span counts from when the token is made: a test's parameters are made long before the test runs."""
    return seconds(seconds=value.total_seconds()) if isinstance(value, timedelta) else value


def seconds(**ahead) -> int:
    return int((clock.now() + timedelta(**ahead)).timestamp())


def assertion(client: str, key, **changes) -> str:
    claims = {
        "iss": client,
        "sub": client,
        "aud": TOKEN_URL,
        "exp": seconds(minutes=1),
        "iat": seconds(),
        "jti": secrets.token_urlsafe(12),
    }
    return jwt({name: value for name, value in {**claims, **changes}.items() if value is not None}, key)


def signed_form(client: str, key, **more) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    return {**form, "client_assertion": assertion(client, key), **more}


def certificate(name: str = "machine", *, days: int = 30, since: int = 1) -> bytes:
    """A self-signed certificate, DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=since))
    return built.not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def handed(der: bytes) -> dict[str, str]:
    return {"client-cert": f":{base64.b64encode(der).decode()}:"}


def x5t(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


@dataclass
class Holder:
    """A small DPoP client: one key, and the nonce of the last answer."""

    key: ECKey = field(default_factory=new_key)
    nonce: str | None = None

    def proof(self, method: str, url: str, token: str | None = None, **changes) -> str:
        claims = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url,
            "iat": seconds(),
            "nonce": self.nonce,
            "ath": None if token is None else b64(hashlib.sha256(token.encode()).digest()),
        }
        header = {"typ": "dpop+jwt", "jwk": self.key.as_dict(private=False), **changes.pop("header", {})}
        claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt(claims, self.key, **header)


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Machines(Front):
    """A door, and ways to ask it as machines do."""

    keys: dict = field(default_factory=dict)

    async def token(self, form: dict, *, peer: str = STRANGER, **headers):
        sent = {"content-type": "application/x-www-form-urlencoded", **headers}
        return await self.ask("POST", "/oauth2/token", body=urlencode(form).encode(), headers=sent, peer=peer)

    async def bound_token(self, form, holder: Holder) -> str:
        """Ask as RFC 9449 has it: without a nonce, then with the one that the answer carries. `form()` makes it."""
        first = await self.token(form(), dpop=holder.proof("POST", TOKEN_URL))
        assert (first.status, first.json["error"]) == (400, "use_dpop_nonce"), first.json
        holder.nonce = first.headers["dpop-nonce"]
        reply = await self.token(form(), dpop=holder.proof("POST", TOKEN_URL))
        assert (reply.status, reply.json.get("token_type")) == (200, "DPoP"), reply.json
        return reply.json["access_token"]

    async def look(self, bearer: str, *, scheme: str = "Bearer", peer: str = STRANGER, path: str = PRODUCT, **headers):
        return await self.ask("GET", path, headers={"authorization": f"{scheme} {bearer}", **headers}, peer=peer)


async def answered(ask) -> Answer:
    """Any operation, answered with nothing."""
    return Answer(200)


@asynccontextmanager
async def door(dsn: str, *, client=None, transport=(), issuers=None, **consumers):
    """A door with real stores over these consumers; each is (entry, public JWKs)."""
    content = copy.deepcopy(CONTENT)
    about = {"layer": "system", "owner": "integration", "criticality": "high", "data_class": "personal"}
    content |= {"apis": dict.fromkeys(APIS, about), "transport": {"trusted_proxies": list(transport)}}
    content |= {"issuers": issuers or {}, "consumers": {}}
    for name, (entry, jwks) in consumers.items():
        own = {"shops": "*", "scopes": SCOPES, "keys": [{"jwk": {**jwk}} for jwk in jwks]}
        content["consumers"][name] = {**COMMON, **own, **entry}
    land = build_landscape({"landscape.yaml": json.dumps(content)})
    keys = {name: read_keys({"keys": list(jwks)}) for name, (_, jwks) in consumers.items() if jwks}
    async with Database(dsn, "door") as db:
        bindings = {operation.id: answered for _, operation in load().operations()}
        active = Active(land)
        made = build(
            documents=load(),
            bindings=bindings,
            keys=SigningKeys(db, RING, REALM),
            active=active,
            database=db,
            secrets=lambda: {name: f"{name}-secret" for name, (entry, _) in consumers.items() if "secret" in entry},
            client_keys=lambda: keys,
            issuers=None if client is None else Issuers(client),
            ready=_ready,
        )
        yield Machines(made, active, keys=keys)


async def _ready() -> tuple[str, ...]:
    return ()
