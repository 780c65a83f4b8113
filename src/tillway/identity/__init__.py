"""Who is asking: consumers' credentials, access tokens, principals, and what the landscape grants them now."""

from __future__ import annotations

from tillway.identity import data_keys, devices, enrolment, people
from tillway.identity.access import Act, forget_restrictions, lift, restrict, restricted_now
from tillway.identity.attesting import attest, attested, known_keys
from tillway.identity.authentication import Presented, invalid_token, principal
from tillway.identity.break_glass import BREAK_GLASS, break_glass
from tillway.identity.certificate import handed_on
from tillway.identity.challenge import MissingScope, NotAuthenticated
from tillway.identity.circumstances import WEEKDAYS, Circumstances, TimeBox, time_box
from tillway.identity.data_keys import DataKeys
from tillway.identity.deciding import STEP_UP, Decider, decider, grant
from tillway.identity.desk import Desk
from tillway.identity.endpoint import Rules, TokenEndpoint
from tillway.identity.erasing import PERSONAL
from tillway.identity.explaining import Explanation, explain
from tillway.identity.facts import Facts, facts_of, facts_of_consumer
from tillway.identity.foreign import Key, NotTrusted, read_keys
from tillway.identity.inspecting import TokenStates
from tillway.identity.issuers import Issuers
from tillway.identity.issuing import OPERATOR_LIFETIME, TOKEN_LIFETIME, issue, operator_token
from tillway.identity.metadata import JWKS_PATH, METADATA_PATH, TOKEN_PATH, metadata
from tillway.identity.nonce import current as current_nonce
from tillway.identity.offboarding import (
    Offboarding,
    enforced,
    forget_enforced,
    offboard,
    offboarding,
    offboardings,
)
from tillway.identity.once import forget_used, use
from tillway.identity.overlay import Overlay
from tillway.identity.principal import Grant, Principal, PrincipalKind
from tillway.identity.rehearsing import Outcome, Rehearsal, rehearse
from tillway.identity.requesting import FORM_BYTES_MAX, Issued, TokenAnswer, TokenRequest, parse_form
from tillway.identity.restrictions import UNRESTRICTED, AccessChange, Restriction, Restrictions
from tillway.identity.ring import KeyRing, ring_of
from tillway.identity.signing import SigningKeys, rotate, tend_keys
from tillway.identity.standing import STANDINGS, Overdue, Standing, overdue, standing, today_of
from tillway.identity.token_state import INTROSPECT_PATH, REVOKE_PATH

__all__ = [
    "BREAK_GLASS",
    "FORM_BYTES_MAX",
    "INTROSPECT_PATH",
    "JWKS_PATH",
    "METADATA_PATH",
    "OPERATOR_LIFETIME",
    "PERSONAL",
    "REVOKE_PATH",
    "STANDINGS",
    "STEP_UP",
    "TOKEN_LIFETIME",
    "TOKEN_PATH",
    "UNRESTRICTED",
    "WEEKDAYS",
    "AccessChange",
    "Act",
    "Circumstances",
    "DataKeys",
    "Decider",
    "Desk",
    "Explanation",
    "Facts",
    "Grant",
    "Issued",
    "Issuers",
    "Key",
    "KeyRing",
    "MissingScope",
    "NotAuthenticated",
    "NotTrusted",
    "Offboarding",
    "Outcome",
    "Overdue",
    "Overlay",
    "Presented",
    "Principal",
    "PrincipalKind",
    "Rehearsal",
    "Restriction",
    "Restrictions",
    "Rules",
    "SigningKeys",
    "Standing",
    "TimeBox",
    "TokenAnswer",
    "TokenEndpoint",
    "TokenRequest",
    "TokenStates",
    "attest",
    "attested",
    "break_glass",
    "current_nonce",
    "data_keys",
    "decider",
    "devices",
    "enforced",
    "enrolment",
    "explain",
    "facts_of",
    "facts_of_consumer",
    "forget_enforced",
    "forget_restrictions",
    "forget_used",
    "grant",
    "handed_on",
    "invalid_token",
    "issue",
    "known_keys",
    "lift",
    "metadata",
    "offboard",
    "offboarding",
    "offboardings",
    "operator_token",
    "overdue",
    "parse_form",
    "people",
    "principal",
    "read_keys",
    "rehearse",
    "restrict",
    "restricted_now",
    "ring_of",
    "rotate",
    "standing",
    "tend_keys",
    "time_box",
    "today_of",
    "use",
]
