"""What policies know of somebody: read off the token and the landscape's entry, and told to Cedar. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tillway.identity.challenge import NotAuthenticated
from tillway.identity.principal import Principal, PrincipalKind
from tillway.landscape import Consumer, Landscape

CEDAR_TYPES: Final = {
    "machine": "Machine",
    # A machine like any other to rules; that it decides by itself what to ask stands in its `kind`.
    "agent": "Machine",
    "device": "Device",
    "person": "Person",
    "operator": "Operator",
}

OPERATING: Final = "operating the hub"
ON_DUTY: Final = "on duty"


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The principal of a decision. None in `shops` and `event_types` means all of them."""

    id: str
    kind: PrincipalKind
    scopes: frozenset[str]
    roles: frozenset[str] = frozenset()
    purpose: str = ""
    shop: str | None = None
    region: str = ""
    shops: frozenset[str] | None = frozenset()
    data_classes: frozenset[str] = frozenset()
    event_types: frozenset[str] | None = frozenset()

    @property
    def uid(self) -> dict[str, str]:
        """Who this is to Cedar."""
        return {"type": CEDAR_TYPES[self.kind], "id": self.id}

    def entity(self) -> dict[str, Any]:
        """The entity as Cedar reads it."""
        shop = {} if self.shop is None else {"shop": _ref("Shop", self.shop)}
        attributes = {
            "id": self.id,
            "kind": self.kind,
            "roles": sorted(self.roles),
            "purpose": self.purpose,
            "scopes": sorted(self.scopes),
            **shop,
            "region": self.region,
            "shops": [_ref("Shop", each) for each in sorted(self.shops or ())],
            "all_shops": self.shops is None,
            "data_classes": [_ref("DataClass", each) for each in sorted(self.data_classes)],
            "event_types": [_ref("EventType", each) for each in sorted(self.event_types or ())],
            "all_event_types": self.event_types is None,
        }
        return {"uid": self.uid, "attrs": attributes, "parents": []}


def facts_of(principal: Principal, landscape: Landscape) -> Facts:
    """What is known of who brings a token. NotAuthenticated when the landscape does not know them any more."""
    if principal.kind == "operator":
        return Facts(id=principal.id, kind="operator", scopes=principal.scopes, purpose=OPERATING, shops=None)
    if principal.kind == "person":
        roles = principal.roles
        return Facts(id=principal.id, kind="person", scopes=principal.scopes, roles=roles, purpose=ON_DUTY, shops=None)
    consumer = landscape.consumers.get(principal.id)
    if consumer is None:
        detail = "the access token's subject is not known any more"
        raise NotAuthenticated(detail, remedy="get a new token at /oauth2/token", error="invalid_token")
    return _facts(
        consumer,
        landscape,
        kind=principal.kind,
        scopes=principal.scopes,
        roles=principal.roles,
        stands_in=principal.shop,
    )


def facts_of_consumer(consumer: Consumer, landscape: Landscape) -> Facts:
    """What would be known of a consumer with a token of all its scopes."""
    return _facts(
        consumer,
        landscape,
        kind=consumer.kind,
        scopes=frozenset(consumer.scopes),
        roles=frozenset(),
        stands_in=None,
    )


def _facts(
    consumer: Consumer,
    landscape: Landscape,
    *,
    kind: PrincipalKind,
    scopes: frozenset[str],
    roles: frozenset[str],
    stands_in: str | None,
) -> Facts:
    own = frozenset((consumer.shop,) if consumer.shop is not None else ())
    listed = None if consumer.shops == "*" else own if consumer.shops is None else frozenset(consumer.shops)
    home = consumer.shop
    if stands_in is not None:
        # A device stands in one shop, whatever else its consumer may touch.
        home, one = stands_in, frozenset((stands_in,))
        listed = one if listed is None else listed & one
    shop = landscape.shops.get(home) if home is not None else None
    return Facts(
        id=consumer.id,
        kind=kind,
        scopes=scopes,
        roles=roles | frozenset(consumer.roles),
        purpose=consumer.purpose,
        shop=home,
        region=(shop.region or "") if shop is not None else "",
        shops=listed,
        data_classes=frozenset(consumer.data_classes),
        event_types=None if consumer.event_types == "*" else frozenset(consumer.event_types),
    )


def _ref(kind: str, key: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": key}}
