"""The text that JOSE writes bytes as: base64 with the URL alphabet and without padding (RFC 7515 section 2)."""

from __future__ import annotations

import base64
import binascii

_STANDARD = str.maketrans({"-": "+", "_": "/", "+": "!", "/": "!", "=": "!"})


def decode(text: str) -> bytes:
    """Strictly: only the URL alphabet, no padding; `base64` alone skips what it does not know. ValueError."""
    return binascii.a2b_base64(text.translate(_STANDARD) + "=" * (-len(text) % 4), strict_mode=True)


def encode(content: bytes) -> str:
    """The text of these bytes."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
