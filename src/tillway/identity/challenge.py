"""Refusals that carry what HTTP must say along: the `WWW-Authenticate` value of RFC 6750 and RFC 9449."""

from __future__ import annotations

from typing import Final

from tillway.errors import Forbidden, Unauthenticated
from tillway.identity.foreign import ALGORITHMS

# The protection space of RFC 9110; there is one for the whole hub.
PROTECTION_REALM = "tillway"

BEARER: Final = "Bearer"
DPOP: Final = "DPoP"


class NotAuthenticated(Unauthenticated):
    """401; `challenge` is the value of the `WWW-Authenticate` header."""

    def __init__(
        self, detail: str = "", *, remedy: str = "", error: str = "", scheme: str = BEARER, **more: str
    ) -> None:
        super().__init__(detail, remedy=remedy)
        # RFC 6750 3.1: who brought no token is told the scheme alone, no error code.
        told = {"error": error, "error_description": self.detail} if error else {}
        # RFC 9449 7.1: who must prove a key is told what it may sign with.
        offered = {"algs": " ".join(ALGORITHMS)} if scheme == DPOP else {}
        self.challenge = _challenge(scheme, **told, **offered, **more)


class MissingScope(Forbidden):
    """403; names the scopes that are missing. `challenge` is the value of the `WWW-Authenticate` header."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        names = " ".join(missing)
        super().__init__(f"the scope {names} is needed", remedy="ask for it when getting a token, if it was granted")
        self.missing = missing
        self.challenge = _challenge(BEARER, error="insufficient_scope", scope=names)


def _challenge(scheme: str, **parameters: str) -> str:
    given = {"realm": PROTECTION_REALM, **parameters}
    return f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in given.items())
