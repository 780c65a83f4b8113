"""Who issues the hub's tokens and whom they are for."""

from __future__ import annotations

from tillway.settings import Settings
from tillway.tokens import Realm


def realm_of(given: Settings) -> Realm:
    """One issuer and one audience: the hub, however many nodes it has."""
    return Realm(issuer=given.base_url, audience=given.base_url)
