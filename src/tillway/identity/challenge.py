"""Refusals that carry what HTTP must say along: the `WWW-Authenticate` value of RFC 6750 section 3."""

from __future__ import annotations

from tillway.errors import Forbidden, Unauthenticated

# The protection space of RFC 9110; there is one for the whole hub.
PROTECTION_REALM = "tillway"


class NotAuthenticated(Unauthenticated):
    """401; `challenge` is the value of the `WWW-Authenticate` header."""

    def __init__(self, detail: str = "", *, remedy: str = "", error: str = "") -> None:
        super().__init__(detail, remedy=remedy)
        # RFC 6750 3.1: who brought no token is told the scheme alone, no error code.
        self.challenge = _bearer(error=error, error_description=self.detail) if error else _bearer()


class MissingScope(Forbidden):
    """403; names the scopes that are missing. `challenge` is the value of the `WWW-Authenticate` header."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        names = " ".join(missing)
        super().__init__(f"the scope {names} is needed", remedy="ask for it when getting a token, if it was granted")
        self.missing = missing
        self.challenge = _bearer(error="insufficient_scope", scope=names)


def _bearer(**parameters: str) -> str:
    given = {"realm": PROTECTION_REALM, **parameters}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in given.items())
