"""What clients discover about the token endpoint: RFC 8414, a pure function of the hub's base URL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tillway.identity.issuing import GRANT_TYPE

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path
JWKS_PATH = "/.well-known/jwks.json"
METADATA_PATH = "/.well-known/oauth-authorization-server"


def metadata(base_url: str, scopes: Iterable[str] = ()) -> dict[str, Any]:
    """The authorization server metadata for a hub reached at `base_url`, which is also its issuer."""
    base = base_url.rstrip("/")
    document: dict[str, Any] = {
        "issuer": base,
        "token_endpoint": base + TOKEN_PATH,
        "jwks_uri": base + JWKS_PATH,
        "response_types_supported": [],
        "grant_types_supported": [GRANT_TYPE],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "service_documentation": base + "/catalog",
    }
    offered = sorted(set(scopes))
    return {**document, "scopes_supported": offered} if offered else document
