"""A door on a real socket, as a door process serves it, and certificates of the tests' own."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.pure.gateway.front_door import front

from tillway.app.serving import Serving
from tillway.gateway import Door
from tillway.settings import Settings

WAIT_SECONDS = 20.0


def certify(directory: Path, name: str = "hub.example.com", *, days: int = 90) -> tuple[Path, Path]:
    """A self-signed certificate and its key in `directory`, in place of those before."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    here, now = x509.IPAddress(ipaddress.ip_address("127.0.0.1")), datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=100))
    built = built.not_valid_after(now + timedelta(days=days))
    built = built.add_extension(x509.SubjectAlternativeName([here]), critical=False)
    made = built.sign(key, hashes.SHA256())
    certificate, private = directory / "hub.crt", directory / "hub.key"
    for path, content in (
        (certificate, made.public_bytes(Encoding.PEM)),
        (private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
    ):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(path)
    return certificate, private


@asynccontextmanager
async def serving(door: Door, port: int, **given: object) -> AsyncIterator[None]:
    """The door as a door process serves it, until the block ends."""
    stop = asyncio.Event()
    running = asyncio.create_task(Serving(Settings(port=port, **given), door).run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, WAIT_SECONDS)


async def presented(port: int) -> str:
    """The name on the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    subject = x509.load_der_x509_certificate(der).subject
    return str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


async def shown(port: int, name: str) -> None:
    """Wait until new connections are shown this certificate."""
    async with asyncio.timeout(WAIT_SECONDS):
        while await _presented(port) != name:
            await asyncio.sleep(0.05)


async def _presented(port: int) -> str | None:
    try:
        return await presented(port)
    except ConnectionError:
        return None  # its handshake met the very moment of the exchange


def door(**handlers) -> Door:
    """A door with these handlers, and nothing behind it."""
    return front(**handlers).door
