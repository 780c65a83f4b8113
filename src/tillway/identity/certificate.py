"""A TLS client certificate as a proxy hands it on: the `Client-Cert` header (RFC 9440), and its thumbprint. Pure.

The header is worth what its sender is worth: whoever reads it must have made sure that it comes from a trusted proxy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Final

from cryptography.x509 import load_der_x509_certificate

from tillway.tokens import LEEWAY, base64url

HEADER: Final = b"client-cert"

CERTIFICATE_BYTES_MAX: Final = 8 * 1024
"""A certificate with an RSA key of 4096 bits and many names has under 4 KiB."""


def handed_on(header: str) -> bytes | None:
    """The certificate (DER) in a `Client-Cert` header: a byte sequence between colons; None for anything else."""
    text = header.strip()
    if len(text) < 2 or len(text) > 2 * CERTIFICATE_BYTES_MAX or text[0] != ":" or text[-1] != ":":  # noqa: PLR2004 - two colons
        return None
    try:
        return base64.b64decode(text[1:-1], validate=True) or None
    except (binascii.Error, ValueError):
        return None


def thumbprint(certificate: bytes) -> str:
    """`x5t#S256` of a certificate (DER)."""
    return base64url.encode(hashlib.sha256(certificate).digest())


def is_one(certificate: bytes, registered: str) -> bool:
    """Whether this is the certificate with the registered thumbprint."""
    return hmac.compare_digest(thumbprint(certificate), registered)


def in_force(certificate: bytes, now: datetime) -> bool:
    """Whether the certificate can be read and counts at this moment."""
    try:
        read = load_der_x509_certificate(certificate)
    except ValueError:
        return False
    return read.not_valid_before_utc - LEEWAY <= now < read.not_valid_after_utc + LEEWAY
