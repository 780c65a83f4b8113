"""Cookies of people's browsers, and whether a request comes from a page of ours. Pure.

Over https they carry the prefix `__Host-`: browsers take such a cookie from this very host alone, and send it nowhere
else. They are Lax, not Strict: the way back from the identity provider begins on another site.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from tillway.errors import Forbidden
from tillway.gateway.context import text

COOKIE: Final = b"cookie"
CSRF: Final = b"x-csrf-token"

COOKIES_BYTES_MAX: Final = 16 * 1024
"""All cookies of one host: browsers send no more than twice this, servers usually take half of it."""


class Jar:
    """The cookies of one hub; `issuer` is its address as browsers know it."""

    def __init__(self, issuer: str) -> None:
        parts = urlsplit(issuer)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._secure = parts.scheme == "https"
        prefix = "__Host-" if self._secure else ""
        self.session, self.sign_in = f"{prefix}tillway-session", f"{prefix}tillway-sign-in"

    def read(self, headers: Mapping[bytes, bytes], name: str) -> str | None:
        """A cookie's value; None when it is not there, or there twice: then one of them is somebody else's."""
        sent = text(headers, COOKIE)
        if sent is None or len(sent) > COOKIES_BYTES_MAX:
            return None
        pairs = (each.strip().partition("=") for each in sent.split(";"))
        values = [value for key, _, value in pairs if key == name]
        return values[0] if len(values) == 1 else None

    def write(self, name: str, value: str, seconds: int) -> tuple[bytes, bytes]:
        """The header that keeps a cookie for so long; 0 takes it away."""
        secure = "; Secure" if self._secure else ""
        cookie = f"{name}={value}; Max-Age={seconds}; Path=/{secure}; HttpOnly; SameSite=Lax"
        return b"set-cookie", cookie.encode("latin-1")

    def from_our_page(self, headers: Mapping[bytes, bytes], secret: str) -> None:
        """Forbidden unless a page of this hub sent it, on purpose: what a browser adds by itself proves nothing."""
        origin, site = text(headers, b"origin"), text(headers, b"sec-fetch-site")
        ours = (origin is not None or site is not None) and origin in {None, self._origin}
        if not ours or site not in {None, "same-origin"}:
            raise Forbidden("the request does not come from a page of this hub", remedy="send it from one")
        given = text(headers, CSRF) or ""
        if not hmac.compare_digest(given.encode("latin-1"), csrf_token(secret).encode()):
            remedy = "send the csrf_token of /console/session as X-CSRF-Token"
            raise Forbidden("the request does not name the token of its session", remedy=remedy)


def csrf_token(secret: str) -> str:
    """What pages of a session send along; it says nothing of the session's secret."""
    digest = hmac.digest(secret.encode("utf-8", "surrogatepass"), b"csrf", "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
