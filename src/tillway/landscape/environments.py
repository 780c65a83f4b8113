"""One landscape in one of its environments: who lives in another one is not there. Pure."""

from __future__ import annotations

from collections.abc import Collection

from tillway.landscape.landscape import Landscape
from tillway.landscape.machines import Issuer


def living_in(landscape: Landscape, environment: str | None) -> Landscape:
    """The landscape without the consumers of other environments, and without what is told to or said of them.

    The whole one was checked before, so that a mistake in a test's consumer shows before it is promoted.
    """
    gone = {
        one.id
        for one in landscape.consumers.values()
        if environment is not None and one.environment not in {None, environment}
    }
    if not gone:
        return landscape
    parts = {name: getattr(landscape, name) for name in Landscape.model_fields}
    parts["consumers"] = {key: one for key, one in landscape.consumers.items() if key not in gone}
    parts["subscriptions"] = {key: one for key, one in landscape.subscriptions.items() if one.consumer not in gone}
    parts["issuers"] = {key: _without(issuer, gone) for key, issuer in landscape.issuers.items()}
    # Made anew: a copy would keep what was worked out of the whole one.
    return Landscape.model_construct(**parts)


def _without(issuer: Issuer, gone: Collection[str]) -> Issuer:
    left = {subject: consumer for subject, consumer in issuer.subjects.items() if consumer not in gone}
    return issuer.model_copy(update={"subjects": left})
