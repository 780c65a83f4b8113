"""The whole landscape as one frozen value, its hash, and the look-ups that everything else uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from tillway import contracts
from tillway.contracts import Documents, extended
from tillway.errors import Misconfigured, NotFound
from tillway.landscape.base import Model, SecretRef
from tillway.landscape.extending import OwnFieldEntry, OwnFieldId, own_fields
from tillway.landscape.governing import Defaults, Governance, Region, Team
from tillway.landscape.machines import Issuer, PublicKeyRef, Transport
from tillway.landscape.model import (
    Api,
    Connection,
    Consumer,
    CustomerEntry,
    EventEntry,
    Organisation,
    Outbound,
    PriceListEntry,
    Shop,
    SubscriptionEntry,
    Till,
)
from tillway.landscape.own_documents import promised
from tillway.landscape.people import Roles, SignIn
from tillway.landscape.policies import PolicySet, compiled
from tillway.landscape.problem import InvalidLandscape
from tillway.landscape.promising import Domain, MappingEntry, ProcessEntry, ReconcileEntry, ServiceLevel, Upstream
from tillway.landscape.shipped import BASE_FILE, base
from tillway.landscape.values import EventType, Id, Network, named
from tillway.retail import OwnField

E = TypeVar("E")

# What a shop takes over from the organisation when it says nothing itself.
INHERITED = frozenset({"timezone", "currency"})


class Landscape(Model):
    """What the retailer declares and every node enforces. Made by `read` or `build`, never by hand in parts."""

    organisation: Organisation
    """The retailer as a whole."""
    defaults: Defaults = Defaults()
    """Who answers for what no entry says it of."""
    teams: Annotated[Mapping[Id, Team], BeforeValidator(named)] = Field(default_factory=dict)
    """Who answers for things, by the name that owners are given with."""
    regions: Annotated[Mapping[Id, Region], BeforeValidator(named)] = Field(default_factory=dict)
    """Regions that shops belong to, by id."""
    governance: Governance = Governance()
    """How changes of this landscape are decided."""
    connections: Annotated[Mapping[Id, Connection], BeforeValidator(named)] = Field(default_factory=dict)
    """ERP databases by id."""
    price_lists: Annotated[Mapping[Id, PriceListEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Price lists by id."""
    customers: Annotated[Mapping[Id, CustomerEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Customers known by an id of ours."""
    shops: Annotated[Mapping[Id, Shop], BeforeValidator(named)] = Field(default_factory=dict)
    """Shops and selling channels by id."""
    apis: Annotated[Mapping[Id, Api], BeforeValidator(named)] = Field(default_factory=dict)
    """Interfaces that are offered, by name."""
    upstreams: Annotated[Mapping[Id, Upstream], BeforeValidator(named)] = Field(default_factory=dict)
    """Services of the retailer's own that answer interfaces, by id."""
    domains: Annotated[Mapping[Id, Domain], BeforeValidator(named)] = Field(default_factory=dict)
    """Subjects of the business and how fresh they are, by id."""
    processes: Annotated[Mapping[Id, ProcessEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Who answers for each process, by its name."""
    reconcile: Annotated[Mapping[Id, ReconcileEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """How domains are compared with the back office, by domain: orders, sales, prices, stock, customers."""
    service_levels: Annotated[Mapping[Id, ServiceLevel], BeforeValidator(named)] = Field(default_factory=dict)
    """What is promised of interfaces, by id."""
    mappings: Annotated[Mapping[Id, MappingEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Translations between somebody's words and ours, by id."""
    expressions: Mapping[str, str] = Field(default_factory=dict)
    """The texts of mappings by file name; they stand in `mappings/*.jsonata`, never in YAML."""
    contracts: Mapping[str, str] = Field(default_factory=dict)
    """OpenAPI documents and event schemas of the retailer's own, by file name; they stand in `contracts/`."""
    extensions: Annotated[Mapping[OwnFieldId, OwnFieldEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Fields that the retailer adds to words of ours, each by the word and its name, e.g. product.shelf_life."""
    events: Annotated[Mapping[EventType, EventEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Event types by short name."""
    consumers: Annotated[Mapping[Id, Consumer], BeforeValidator(named)] = Field(default_factory=dict)
    """Everybody who may call, by id."""
    issuers: Annotated[Mapping[Id, Issuer], BeforeValidator(named)] = Field(default_factory=dict)
    """Others whose tokens say who a machine is, by id."""
    sign_in: SignIn | None = None
    """Where people sign in; absent: nobody does."""
    roles: Roles = Field(default_factory=dict)
    """What people with a role may do: its scopes; policies may narrow it."""
    subscriptions: Annotated[Mapping[Id, SubscriptionEntry], BeforeValidator(named)] = Field(default_factory=dict)
    """Standing subscriptions by id."""
    networks: Mapping[Id, tuple[Network, ...]] = Field(default_factory=dict)
    """Labels that policies know networks by: each with its address ranges in CIDR notation."""
    policies: Mapping[str, str] = Field(default_factory=dict)
    """Cedar policies by file name; they stand in `policies/*.cedar`, never in YAML."""
    outbound: Outbound = Outbound()
    """Where the hub itself may connect to."""
    transport: Transport = Transport()
    """What stands between the hub and those who call it."""

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, value: Any) -> Any:
        """Fill what shops leave to the organisation, so that a Shop always knows its zone and currency."""
        if not isinstance(value, Mapping):
            return value
        organisation, shops = value.get("organisation"), value.get("shops")
        if not isinstance(organisation, Mapping) or not isinstance(shops, Mapping):
            return value
        given = {name: organisation[name] for name in INHERITED if name in organisation}
        filled = {key: {**given, **shop} if isinstance(shop, Mapping) else shop for key, shop in shops.items()}
        return {**value, "shops": filled}

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical content and the base policies.

        Order, comments of YAML and spelled-out defaults do not count.
        """
        content = self.model_dump(mode="json") | {BASE_FILE: base()}
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def _tills(self) -> Mapping[str, tuple[Shop, Till]]:
        return {till.id: (shop, till) for shop in self.shops.values() for till in shop.tills.values()}

    @cached_property
    def _subscriptions_by_consumer(self) -> Mapping[str, tuple[SubscriptionEntry, ...]]:
        found: dict[str, tuple[SubscriptionEntry, ...]] = {}
        for entry in self.subscriptions.values():
            found[entry.consumer] = (*found.get(entry.consumer, ()), entry)
        return found

    @cached_property
    def own_documents(self) -> Documents:
        """The retailer's own promises, compiled; Misconfigured if one is not sound."""
        found = promised(self.contracts)
        if found.problems:
            raise InvalidLandscape(found.problems)
        return found.documents

    @cached_property
    def own_fields(self) -> Mapping[str, Mapping[str, OwnField]]:
        """The retailer's own fields, by the word they extend and by their name there."""
        return own_fields(self.extensions.values())

    @cached_property
    def extended_documents(self) -> Documents:
        """Those that ship with Tillway and carry own fields, with these written in."""
        return extended(contracts.load(), {word: tuple(each.values()) for word, each in self.own_fields.items()})

    @cached_property
    def documents(self) -> Documents:
        """All promises: those that ship with Tillway, and the retailer's own."""
        shipped, more, own = contracts.load(), self.extended_documents, self.own_documents
        if not own.apis and not own.events and not more.apis:
            return shipped
        return Documents({**shipped.apis, **more.apis, **own.apis}, {**shipped.events, **more.events, **own.events})

    @cached_property
    def policy_set(self) -> PolicySet:
        """The base policies and the landscape's own, compiled; Misconfigured if they do not hold together."""
        own = tuple((operation.id, operation.scope) for _, operation in self.own_documents.operations())
        found = compiled(self.policies, own)
        if found.policies is None:
            raise InvalidLandscape(found.problems)
        return found.policies

    @cached_property
    def derived(self) -> dict[str, Any]:
        """What rooms worked out from this landscape alone, by a name of theirs: it lives as long as the landscape."""
        return {}

    def connection(self, connection_id: str) -> Connection:
        """The connection with this id; Misconfigured if there is none."""
        return _declared("connection", "connections", self.connections, connection_id)

    def api(self, name: str) -> Api:
        """The interface with this name; Misconfigured if it is not declared."""
        return _declared("interface", "apis", self.apis, name)

    def event(self, event_type: str) -> EventEntry:
        """What is declared of the event type (short name); Misconfigured if nothing is."""
        return _declared("event type", "events", self.events, event_type)

    def shop(self, shop_id: str) -> Shop:
        """The shop with this id; NotFound if there is none."""
        return _found("shop", self.shops, shop_id)

    def till(self, till_id: str) -> tuple[Shop, Till]:
        """The till with this id and the shop it stands in; NotFound if there is none."""
        return _found("till", self._tills, till_id)

    def price_list(self, list_id: str) -> PriceListEntry:
        """The price list with this id; NotFound if there is none."""
        return _found("price list", self.price_lists, list_id)

    def customer(self, customer_id: str) -> CustomerEntry:
        """The customer with this id; NotFound if there is none."""
        return _found("customer", self.customers, customer_id)

    def consumer(self, consumer_id: str) -> Consumer:
        """The consumer with this id; NotFound if there is none."""
        return _found("consumer", self.consumers, consumer_id)

    def subscription(self, subscription_id: str) -> SubscriptionEntry:
        """The standing subscription with this id; NotFound if there is none."""
        return _found("subscription", self.subscriptions, subscription_id)

    def subscriptions_of(self, consumer_id: str) -> tuple[SubscriptionEntry, ...]:
        """The standing subscriptions of a consumer, in declared order; empty if it has none."""
        return self._subscriptions_by_consumer.get(consumer_id, ())

    def shops_of(self, connection_id: str) -> tuple[Shop, ...]:
        """The shops that book through a connection, in declared order."""
        return tuple(shop for shop in self.shops.values() if shop.connection == connection_id)

    def price_lists_of(self, connection_id: str) -> tuple[PriceListEntry, ...]:
        """The price lists that live behind a connection, in declared order."""
        return tuple(entry for entry in self.price_lists.values() if entry.connection == connection_id)

    def secret_refs(self) -> Iterator[tuple[str, SecretRef]]:
        """Every reference to a secret with the path it stands at, e.g. `consumers.webshop.secret`."""
        for connection in self.connections.values():
            yield f"connections.{connection.id}.key", connection.key
        for consumer in self.consumers.values():
            if consumer.secret is not None:
                yield f"consumers.{consumer.id}.secret", consumer.secret
        for upstream in self.upstreams.values():
            if upstream.key is not None:
                yield f"upstreams.{upstream.id}.key", upstream.key
        if self.sign_in is not None and self.sign_in.client_secret is not None:
            yield "sign_in.client_secret", self.sign_in.client_secret
        for subscription in self.subscriptions.values():
            yield f"subscriptions.{subscription.id}.delivery.secret", subscription.delivery.secret

    def key_refs(self) -> Iterator[tuple[str, PublicKeyRef]]:
        """Every reference to a public key with the path it stands at, e.g. `consumers.webshop.keys.0`."""
        for consumer in self.consumers.values():
            for index, ref in enumerate(consumer.keys):
                yield f"consumers.{consumer.id}.keys.{index}", ref


def _found(what: str, entries: Mapping[str, E], key: str) -> E:
    try:
        return entries[key]
    except KeyError:
        raise NotFound(f"there is no {what} {key[:64]!r}") from None


def _declared(what: str, section: str, entries: Mapping[str, E], key: str) -> E:
    try:
        return entries[key]
    except KeyError:
        raise Misconfigured(
            f"the {what} {key[:64]!r} is not declared in the landscape", remedy=f"declare it under `{section}`"
        ) from None
