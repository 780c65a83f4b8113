"""Who is asking: consumers' credentials, access tokens, principals, and what the landscape grants them now."""

from __future__ import annotations

from tillway.identity.authentication import authenticate, grant
from tillway.identity.challenge import MissingScope, NotAuthenticated
from tillway.identity.issuing import (
    OPERATOR_LIFETIME,
    TOKEN_LIFETIME,
    TokenAnswer,
    TokenRequest,
    issue,
    operator_token,
    parse_form,
)
from tillway.identity.metadata import JWKS_PATH, METADATA_PATH, TOKEN_PATH, metadata
from tillway.identity.principal import Grant, Principal, PrincipalKind
from tillway.identity.signing import KeyRing, SigningKeys, ring_of

__all__ = [
    "JWKS_PATH",
    "METADATA_PATH",
    "OPERATOR_LIFETIME",
    "TOKEN_LIFETIME",
    "TOKEN_PATH",
    "Grant",
    "KeyRing",
    "MissingScope",
    "NotAuthenticated",
    "Principal",
    "PrincipalKind",
    "SigningKeys",
    "TokenAnswer",
    "TokenRequest",
    "authenticate",
    "grant",
    "issue",
    "metadata",
    "operator_token",
    "parse_form",
    "ring_of",
]
