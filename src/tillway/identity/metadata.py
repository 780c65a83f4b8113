"""What clients discover about the token endpoint: RFC 8414, a pure function of the hub's address and its landscape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tillway.identity.desk import TOKEN_PATH
from tillway.identity.foreign import ALGORITHMS
from tillway.identity.issuing import GRANT_TYPES
from tillway.identity.token_state import INTROSPECT_PATH, REVOKE_PATH
from tillway.landscape import Landscape

__all__ = ["JWKS_PATH", "METADATA_PATH", "TOKEN_PATH", "metadata"]

JWKS_PATH = "/.well-known/jwks.json"
METADATA_PATH = "/.well-known/oauth-authorization-server"


def metadata(base_url: str, scopes: Iterable[str] = (), landscape: Landscape | None = None) -> dict[str, Any]:
    """The authorization server metadata for a hub reached at `base_url`, which is also its issuer.

    Client certificates are offered only where the landscape names proxies that are believed about them.
    """
    base = base_url.rstrip("/")
    proxied = landscape is not None and bool(landscape.transport.trusted_proxies)
    methods = ["private_key_jwt", *(["self_signed_tls_client_auth"] if proxied else [])]
    methods += ["client_secret_basic", "client_secret_post"]
    document: dict[str, Any] = {
        "issuer": base,
        "token_endpoint": base + TOKEN_PATH,
        "introspection_endpoint": base + INTROSPECT_PATH,
        "revocation_endpoint": base + REVOKE_PATH,
        "jwks_uri": base + JWKS_PATH,
        "response_types_supported": [],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "service_documentation": base + "/catalog",
    }
    if proxied:
        document["tls_client_certificate_bound_access_tokens"] = True
    offered = sorted(set(scopes))
    return {**document, "scopes_supported": offered} if offered else document
