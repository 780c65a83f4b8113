"""Fifth stage: may they do this, and what of it may they touch."""

from __future__ import annotations

import msgspec

from tillway.contracts import Operation
from tillway.errors import Forbidden
from tillway.gateway.authenticate import Asker
from tillway.identity import Grant, grant
from tillway.landscape import Landscape


class Admitted(msgspec.Struct, frozen=True):
    """What the asker may touch. `doubt` says why a fact's sender may not send, though it is kept."""

    grant: Grant
    doubt: str | None = None


def authorise(asker: Asker, operation: Operation, landscape: Landscape) -> Admitted:
    """The asker's grant for this operation; Forbidden when there is none.

    A fact is never refused for a right that was withdrawn: whoever holds a token issued for it is admitted with a
    doubt, without any grant.
    """
    who = asker.principal
    if asker.doubt is not None:
        return Admitted(_nothing(who.id), asker.doubt)
    try:
        return Admitted(grant(who, landscape, (operation.scope,)))
    except Forbidden as error:
        if not operation.fact or operation.scope not in who.claimed:
            raise
        return Admitted(_nothing(who.id), f"the sender {who.id} may not send this any more ({error.code})")


def _nothing(consumer: str) -> Grant:
    return Grant(consumer=consumer, kind="machine", scopes=frozenset(), shops=frozenset())
