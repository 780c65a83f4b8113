"""Who is asking, and what the landscape lets them do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PrincipalKind = Literal["machine", "agent", "device", "person", "operator"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Somebody who proved who they are. `scopes` hold what their token says *and* the landscape grants now.

    `claimed` holds all that their token says, also what the landscape does not grant any more. `holder` is who brings
    the token: the consumer itself, an enrolled device of it, or who acts for it as `actor` says. `shop` is where a
    device stands, `roles` are a person's, who proved who they are at `auth_time` and asks within `session`.
    """

    id: str
    kind: PrincipalKind
    scopes: frozenset[str]
    token_id: str
    expires_at: datetime
    claimed: frozenset[str] = frozenset()
    holder: str = ""
    actor: str | None = None
    shop: str | None = None
    roles: frozenset[str] = frozenset()
    auth_time: datetime | None = None
    session: str | None = None

    @property
    def device(self) -> str | None:
        """The enrolled device that brings the token itself; None when anybody else does."""
        return self.holder if self.shop is not None and self.actor is None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a handler must apply to everything it loads or lists. None in `shops` and `event_types` means all.

    `shop`, `price_list` and `customer` are the defaults for requests that name none. `classes` are the classes of data
    that may be read, `policies` the ids of those that allowed it, under `release`.
    """

    consumer: str
    kind: PrincipalKind
    scopes: frozenset[str]
    shops: frozenset[str] | None
    shop: str | None = None
    price_list: str | None = None
    customer: str | None = None
    event_types: frozenset[str] | None = frozenset()
    classes: frozenset[str] = frozenset()
    policies: tuple[str, ...] = ()
    release: str = ""

    def sees_shop(self, shop: str) -> bool:
        """Whether data of this shop may be touched."""
        return self.shops is None or shop in self.shops

    def receives(self, event_type: str) -> bool:
        """Whether events of this type (short name) may be told."""
        return self.event_types is None or event_type in self.event_types
