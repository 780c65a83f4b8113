"""Who signs in at the demo, what their roles let them do, and which boards decide on its changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tillway.sandbox.sign_in import CLIENT_ID
from tillway.sandbox.sign_in_page import PEOPLE

_ACTS: Final = ("operations:read", "operations:write")
_LOOKS: Final = ("operations:read",)

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "architect": _ACTS,
    "retail-operations": _ACTS,
    "security": _ACTS,
    "operator": _ACTS,
    "auditor": _LOOKS,
}

# Which group of the sandbox's people has which role; each group is somebody's.
_GROUPS: Final[Mapping[str, str]] = {
    "enterprise-architecture": "architect",
    "retail-operations": "retail-operations",
    "security": "security",
    "night-shift": "operator",
    "audit": "auditor",
}


def sign_in(issuer: str) -> Mapping[str, Any]:
    """The section for the provider at this address: a public client, which PKCE protects."""
    groups = {each.group: _GROUPS[each.group] for each in PEOPLE.values()}
    return {"sign_in": {"issuer": issuer, "client_id": CLIENT_ID, "roles": groups}}


def roles() -> Mapping[str, Any]:
    """The section of roles."""
    return {"roles": {name: list(scopes) for name, scopes in ROLES.items()}}


def deciding(year: int) -> Mapping[str, Any]:
    """One of three decides; what breaks something critical needs architecture and security. The freeze lies ahead."""
    return {
        "boards": {
            "changes": {"name": "Change board", "roles": ["retail-operations", "architect", "security"]},
            "architecture": {"name": "Enterprise architecture", "roles": ["architect"]},
            "security": {"name": "Security", "roles": ["security"]},
        },
        "approvals": [
            {"boards": ["changes"]},
            {"boards": ["architecture", "security"], "verdicts": ["breaking"], "criticalities": ["critical"]},
        ],
        "freezes": [{"begins": f"{year + 1}-11-22", "ends": f"{year + 1}-12-01", "reason": "the week of Black Friday"}],
    }
