"""What the demo's landscape says for what no entry names, who decides, and the house rules it breaks on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tillway.app import drafted_people

# Rule, where, why. Whoever goes live takes them out one by one.
_WAIVERS: Final = (
    (
        "machine-with-secret",
        "consumers.*",
        "secrets lie in the state directory of a demo on loopback; give each machine a key before going live",
    ),
    (
        "closed-data-on-bearer",
        "consumers.*",
        "a demo on loopback is tried with curl; set proof to dpop or mtls before going live",
    ),
    (
        "closed-events-wildcard",
        "consumers.*",
        "whoever tries the demo sees every event; list the types that are needed before going live",
    ),
    (
        "scope-without-operation",
        "consumers.integrator",
        "the first consumer holds every scope by rule of the demo; take it out before going live",
    ),
    (
        "machine-operates",
        "consumers.integrator",
        "the first consumer tries everything, operations included; give people a role before going live",
    ),
)


def content(year: int) -> Mapping[str, Any]:
    """The sections; waivers end in the middle of the next year."""
    expires = f"{year + 1}-06-30"
    return {
        "defaults": {"owner": "integration-team", "deputy": "retail-operations"},
        "governance": {
            **drafted_people.deciding(year),
            "waivers": [
                {"rule": rule, "path": path, "reason": reason, "owner": "integration-team", "expires": expires}
                for rule, path, reason in _WAIVERS
            ],
        },
    }
