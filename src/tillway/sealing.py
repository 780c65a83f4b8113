"""Values sealed at rest: AES-256-GCM under data keys, which are themselves sealed under a master key kept in a file.

A sealed value is text: `s1.<key>.<base64url of nonce, ciphertext and tag>`. Where it lies (room.table.column) and the
id of its row are authenticated with it, so that a value that was moved cannot be opened. Values without the prefix
were written before anything was sealed and are read as they are. All of it is pure but for the ring in use, which the
composition root sets once for a process and `identity` keeps current.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tillway.errors import Misconfigured, Unavailable

PREFIX: Final = "s1."
"""What every sealed value begins with."""

KEY_BYTES: Final = 32
"""AES-256."""

NONCE_BYTES: Final = 12
"""Random: with a fresh data key a month, a hub that seals 1,000 values a second stays below 2^32 under one key."""

_ID_BYTES: Final = 4
_WRAPPED_AT: Final = "identity.sealing_keys.wrapped"
_REMEDY: Final = "put the sealing key of this hub's other nodes, or of its backup, in place"


@dataclass(frozen=True, slots=True)
class Master:
    """A key that seals data keys. Its id is a digest of it: the same key has the same id wherever it lies."""

    id: str
    secret: bytes = field(repr=False)


def new_secret() -> bytes:
    """The bytes of a fresh key."""
    return os.urandom(KEY_BYTES)


def new_id() -> str:
    """An id for a data key."""
    return os.urandom(_ID_BYTES).hex()


def master(secret: bytes) -> Master:
    """A master key from its bytes."""
    return Master(hashlib.sha256(b"tillway master key" + secret).hexdigest()[: 2 * _ID_BYTES], secret)


def master_text(key: Master) -> str:
    """A master key as a line of its file."""
    return base64.b64encode(key.secret).decode()


def read_masters(text: str) -> tuple[Master, ...]:
    """The master keys of a file: one a line, base64 of 32 bytes, the first one seals. Misconfigured for anything else.

    Empty lines and lines that begin with `#` say nothing.
    """
    lines = [line.strip() for line in text.splitlines()]
    found: list[Master] = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        try:
            secret = base64.b64decode(line, validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise Misconfigured(f"a line of the sealing key's file is not {KEY_BYTES} bytes in base64", remedy=_REMEDY)
        found.append(master(secret))
    if not found:
        raise Misconfigured("the sealing key's file holds no key", remedy=_REMEDY)
    return tuple(found)


def wrap(key: Master, data_key: str, secret: bytes) -> str:
    """A data key as it is kept: sealed under the master key."""
    return _seal(AESGCM(key.secret), key.id, _WRAPPED_AT, data_key, secret)


def wrapped_by(text: str) -> str:
    """The id of the master key that a kept data key needs."""
    return _parted(text)[0]


def unwrap(masters: tuple[Master, ...], data_key: str, text: str) -> bytes:
    """The bytes of a kept data key. Misconfigured when its master key is not among these."""
    needed, content = _parted(text)
    for key in masters:
        if key.id == needed:
            return _open(AESGCM(key.secret), needed, content, _WRAPPED_AT, data_key)
    raise Misconfigured(f"what this hub keeps is sealed with the key {needed}, which is not here", remedy=_REMEDY)


class Ring:
    """The data keys in force, by id: all open, the one named seals. `digesting` makes digests that stay the same."""

    def __init__(self, keys: Mapping[str, bytes], sealing: str, digesting: bytes) -> None:
        self._ciphers = {name: AESGCM(secret) for name, secret in keys.items()}
        self._digesting = digesting
        self.sealing = sealing
        if sealing not in self._ciphers:
            raise Misconfigured("there is no key to seal with", remedy="start the hub once so that it makes one")

    def seal(self, place: str, row: str, text: str) -> str:
        """The text, sealed for this place and row."""
        return _seal(self._ciphers[self.sealing], self.sealing, place, row, text.encode())

    def open(self, place: str, row: str, text: str) -> str:
        """The text in a sealed value; one that is not sealed is returned as it is.

        Unavailable: sealed with a key that is not known here yet. Misconfigured: it was changed, or lay elsewhere.
        """
        if not text.startswith(PREFIX):
            return text
        name, content = _parted(text)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise Unavailable(f"a value is sealed with the key {name}, which this node does not know yet")
        return _open(cipher, name, content, place, row).decode()

    def digest(self, purpose: str, text: str) -> str:
        """A digest that only this hub can make: the same for the same text, on all nodes, for as long as it lives."""
        return hmac.digest(self._digesting, f"{purpose}\0{text}".encode(), "sha256").hex()


def _seal(cipher: AESGCM, name: str, place: str, row: str, content: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, content, f"{name}|{place}|{row}".encode())
    return f"{PREFIX}{name}.{base64.urlsafe_b64encode(sealed).decode()}"


def _open(cipher: AESGCM, name: str, content: bytes, place: str, row: str) -> bytes:
    try:
        return cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], f"{name}|{place}|{row}".encode())
    except (InvalidTag, ValueError) as error:
        raise _damaged(place) from error


def _parted(text: str) -> tuple[str, bytes]:
    """The key's id and the content of a sealed value."""
    name, _, content = text.removeprefix(PREFIX).partition(".")
    try:
        return name, base64.b64decode(content, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise _damaged("the database") from error


def _damaged(place: str) -> Misconfigured:
    detail = f"a sealed value in {place} was changed, or belongs to another row"
    return Misconfigured(detail, remedy="restore it from a backup")


_in_use: list[Ring] = []


def use(ring: Ring) -> None:
    """Have this process seal and open with these keys from now on."""
    _in_use[:] = [ring]


def ring() -> Ring:
    """The keys in use. Misconfigured when nobody has set any: nothing is ever written unsealed instead."""
    if not _in_use:
        raise Misconfigured("this process has no sealing keys", remedy="it must be started by the hub")
    return _in_use[0]


def seal(place: str, row: str, text: str) -> str:
    """`Ring.seal` with the keys in use."""
    return ring().seal(place, row, text)


def opened(place: str, row: str, text: str) -> str:
    """`Ring.open` with the keys in use; what was never sealed needs none."""
    return ring().open(place, row, text) if text.startswith(PREFIX) else text


def digest(purpose: str, text: str) -> str:
    """`Ring.digest` with the keys in use."""
    return ring().digest(purpose, text)
