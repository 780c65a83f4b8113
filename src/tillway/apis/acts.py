"""What every administrative act has: who asks, why, and how that is kept."""

from __future__ import annotations

from tillway.gateway import Ask
from tillway.masking import scrub


def by(ask: Ask) -> str:
    """Who asks."""
    return ask.grant.consumer


def reason(ask: Ask) -> str:
    """Why, as it may be kept and shown: people paste what they see, so it is scrubbed.

    What has no body says it in the query.
    """
    return scrub(ask.query["reason"] if ask.body is None else ask.body["reason"])


def note(ask: Ask) -> str:
    """Who and why in one line."""
    return f"{by(ask)}: {reason(ask)}"


def roles(ask: Ask) -> tuple[str, ...]:
    """The roles that the asker's token says."""
    principal = None if ask.trail is None else ask.trail.principal
    return () if principal is None else tuple(sorted(principal.roles))
