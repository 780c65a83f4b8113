"""The certificate that doors speak TLS with: read, checked, and watched for its successor."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from tillway.errors import Misconfigured
from tillway.settings import Settings

# Certificates are renewed weeks before they end; one that is this near was not.
ENDING: Final = timedelta(days=14)

_BOTH: Final = "set TILLWAY_TLS_CERTIFICATE and TILLWAY_TLS_KEY, or neither of them"
_FILES: Final = "both are PEM files that the hub's user may read: the chain with its leaf first, and the leaf's key"

Mark = tuple[tuple[int, int, int], ...]
"""What tells one state of the files from another: inode, size and time of change (ns) of each."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Where certificate (with its chain) and key are, as PEM files."""

    certificate: Path
    key: Path

    def mark(self) -> Mark:
        """Changes whenever one of the files does. Misconfigured when one is not there."""
        try:
            found = [path.stat() for path in (self.certificate, self.key)]
        except OSError as error:
            raise _unusable(error) from error
        return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)

    def check(self) -> datetime:
        """The moment the certificate ends. Misconfigured when the files cannot be read or do not belong together."""
        try:
            leaf = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:
            raise _unusable(error) from error
        return leaf.not_valid_after_utc


def tls_of(given: Settings) -> Tls | None:
    """What doors speak TLS with; None when they speak plain HTTP. Misconfigured when half of it is given."""
    if (given.tls_certificate is None) != (given.tls_key is None):
        raise Misconfigured("a certificate without its key, or a key without its certificate", remedy=_BOTH)
    if given.tls_certificate is None or given.tls_key is None:
        return None
    return Tls(given.tls_certificate, given.tls_key)


def trusting(certificate: Path) -> ssl.SSLContext:
    """For a client on the same machine: the very certificate in this file is trusted, whatever name it was asked by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # a node is asked by its address, its certificate tells the hub's name
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the leaf itself is the anchor
    try:
        context.load_verify_locations(certificate)
    except OSError as error:
        raise _unusable(error) from error
    return context


def _unusable(error: Exception) -> Misconfigured:
    # A decoder's text may quote the file.
    said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return Misconfigured(f"the TLS certificate or its key cannot be used: {said}", remedy=_FILES)


def _no_password() -> str:
    raise ValueError("the key is encrypted")
