"""Who is asking: consumers' credentials, access tokens, principals, and what the landscape grants them now."""

from __future__ import annotations

from tillway.identity import devices, enrolment
from tillway.identity.access import Act, forget_restrictions, lift, restrict, restricted_now
from tillway.identity.authentication import authenticate, invalid_token
from tillway.identity.challenge import MissingScope, NotAuthenticated
from tillway.identity.circumstances import WEEKDAYS, Circumstances
from tillway.identity.deciding import Decider, decider, grant
from tillway.identity.facts import Facts, facts_of, facts_of_consumer
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
from tillway.identity.overlay import Overlay
from tillway.identity.principal import Grant, Principal, PrincipalKind
from tillway.identity.restrictions import UNRESTRICTED, AccessChange, Restriction, Restrictions
from tillway.identity.signing import KeyRing, SigningKeys, ring_of

__all__ = [
    "JWKS_PATH",
    "METADATA_PATH",
    "OPERATOR_LIFETIME",
    "TOKEN_LIFETIME",
    "TOKEN_PATH",
    "UNRESTRICTED",
    "WEEKDAYS",
    "AccessChange",
    "Act",
    "Circumstances",
    "Decider",
    "Facts",
    "Grant",
    "KeyRing",
    "MissingScope",
    "NotAuthenticated",
    "Overlay",
    "Principal",
    "PrincipalKind",
    "Restriction",
    "Restrictions",
    "SigningKeys",
    "TokenAnswer",
    "TokenRequest",
    "authenticate",
    "decider",
    "devices",
    "enrolment",
    "facts_of",
    "facts_of_consumer",
    "forget_restrictions",
    "grant",
    "invalid_token",
    "issue",
    "lift",
    "metadata",
    "operator_token",
    "parse_form",
    "restrict",
    "restricted_now",
    "ring_of",
]
