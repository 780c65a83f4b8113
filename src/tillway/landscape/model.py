"""The landscape's words: what a retailer declares about shops, connections, interfaces and who may do what.

Every model is frozen and refuses fields it does not know. An entry's id is the key it stands under in YAML.
The text under a field is its documentation: it travels into the JSON Schema and into the remedy of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt

from tillway.landscape.base import Entry, Model, SecretRef
from tillway.landscape.lifecycle import Versions, first_version
from tillway.landscape.machines import Proof, PublicKeys, Thumbprint
from tillway.landscape.promising import Seconds
from tillway.landscape.quotas import ApiOrAll, PerSecond, Quota
from tillway.landscape.stocking import StockKept
from tillway.landscape.values import (
    AllOrIds,
    ClosedClass,
    ConsumerKind,
    Criticality,
    Currency,
    EventType,
    Id,
    Layer,
    Moment,
    Network,
    OdooId,
    OdooList,
    Origin,
    Retention,
    Scope,
    TenderKind,
    Text,
    UnknownFields,
    Url,
    Zone,
    named,
)
from tillway.masking import DataClassName

# One ERP connection never needs more; the governor limits calls anyway.
WORKERS_MAX = 64
# Slower than once a day is not polling any more, faster than twice a second is an attack.
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 0.5, 86_400.0
# Prices and products of the day before are no longer those of today.
STALE_SECONDS_MAX = 86_400.0
# Shop fronts of one consumer; more are several consumers.
ORIGINS_MAX = 50
# What is kept longer is an archive, not a journal.
REPLAY_DAYS_MAX = 3_660
# Sub of operator tokens, so no consumer may be called like it.
RESERVED_CONSUMER = "operator"


class Organisation(Model):
    """The retailer as a whole."""

    name: Text
    """Name of the retailer."""
    currency: Currency
    """ISO 4217 code; shops that name none use it."""
    timezone: Zone
    """IANA name, e.g. Europe/Berlin; shops that name none use it."""


class Connection(Entry):
    """One ERP database that Tillway talks to."""

    kind: Literal["odoo"] = "odoo"
    """What speaks there: odoo."""
    url: Url
    """Base URL, e.g. https://erp.example.com, without credentials."""
    database: Text
    """Name of the database there."""
    key: SecretRef
    """API key of the integration user: {env: NAME} or {file: path}."""
    next_key: SecretRef | None = None
    """Its successor: used once the first is refused, without a restart. Both may be valid at once."""
    login: Text | None = None
    """Login of the integration user; needed for Odoo 17 and 18, which are called over JSON-RPC."""
    allow_writes: StrictBool = True
    """false: this connection is only read, whatever is asked."""
    poll_seconds: Annotated[float, Field(ge=POLL_SECONDS_MIN, le=POLL_SECONDS_MAX)] | None = None
    """Seconds between two polls for changes; absent: the hub's setting."""
    workers: Annotated[StrictInt, Field(ge=1, le=WORKERS_MAX)] = 2
    """HTTP workers of the ERP: calls at once of all processes and nodes together stay below, wherever the limit is
    found by measuring."""
    own_users: Annotated[float, Field(ge=0, le=0.9)] = 0.2
    """Part of the workers that is left to the people who work in the ERP; at least one worker of two, none if 0."""
    per_second: PerSecond | None = None
    """Calls a second that all nodes together may make; absent: as many as its workers answer."""


class PriceListEntry(Entry):
    """A price list that interfaces may name."""

    connection: Id
    """Id of the connection whose price list this is."""
    odoo: OdooList
    """`list` for the list price on the product itself, or the id of a pricelist in Odoo."""
    name: Text
    """Name as people know it."""


class CustomerEntry(Entry):
    """A customer known by an id of ours, e.g. the one anonymous orders are placed for."""

    connection: Id
    """Id of the connection that holds the customer."""
    partner: OdooId
    """Id of the partner in Odoo."""


class Till(Entry):
    """One till of a shop."""

    pos_config: OdooId
    """Id of the point of sale (`pos.config`) in Odoo."""
    tender_methods: Mapping[TenderKind, OdooId] = Field(default_factory=dict)
    """Payment methods of its own, before the shop's: in Odoo a cash method belongs to one till."""


class Shop(Entry):
    """A shop or a selling channel that books as one."""

    name: Text
    """Name as people know it."""
    connection: Id
    """Id of the connection its orders and sales are booked through."""
    company: OdooId
    """Id of the company in Odoo."""
    warehouse: OdooId
    """Id of the warehouse in Odoo."""
    price_list: Id
    """Id of the price list it sells by."""
    timezone: Zone
    """IANA name; absent: the organisation's."""
    currency: Currency
    """ISO 4217 code; absent: the organisation's."""
    region: Id | None = None
    """The region it belongs to, for policies."""
    tills: Annotated[Mapping[Id, Till], BeforeValidator(named)] = Field(default_factory=dict)
    """Its tills by id; a till's id is unique in the whole landscape."""
    tender_methods: Mapping[TenderKind, OdooId] = Field(default_factory=dict)
    """Kind of tender (cash, card, voucher, other) to the id of the payment method in Odoo."""
    stock: StockKept = Field(default_factory=StockKept)
    """What it keeps back of its stock: for safety, by channel, and for tills that are cut off."""

    payment_journals: Mapping[TenderKind, OdooId] = Field(default_factory=dict)
    """Kind of tender to the id of the journal in Odoo that payments of orders are booked in; payments with another
    kind are kept and told, not booked."""

    def methods_of(self, till: Till) -> Mapping[TenderKind, int]:
        """The payment methods of one of its tills: the till's own, then the shop's."""
        return {**self.tender_methods, **till.tender_methods}


class Api(Entry):
    """An interface that the hub offers."""

    versions: Versions = Field(default_factory=first_version)
    """Its major versions by name (v1, v2), each with where it is in its life; absent: v1, published."""
    layer: Layer
    """system, process or experience."""
    owner: Text
    """Who answers for it."""
    deputy: Text | None = None
    """Who answers when the owner is away."""
    steward: Text | None = None
    """Who answers for the meaning and the quality of its data."""
    domain: Id | None = None
    """The domain whose data it carries."""
    criticality: Criticality
    """critical, high, normal or low: what is shed last and what first."""
    data_class: DataClassName
    """Highest class of data it carries: public, internal, confidential, personal, payment or secret."""
    callers: AllOrIds = "*"
    """Consumers that may call it: "*" (whoever has the scope) or a list of ids."""
    calls: tuple[Id, ...] = ()
    """Interfaces, connections and upstreams that it calls itself."""
    upstream: Id | None = None
    """The upstream that answers it; absent: Tillway itself."""
    stale_seconds: Annotated[float, Field(gt=0, le=STALE_SECONDS_MAX)] | None = None
    """How old (seconds) an answer from memory may be while Postgres is away; absent: 503 instead."""
    unknown_fields: UnknownFields | None = None
    """Fields of a body that no contract knows: reject, quarantine (facts) or flag; absent: flag if normal or low."""


class EventEntry(Entry):
    """An event type that may be told to others; its id is the short name, e.g. `order.accepted`."""

    owner: Text
    """Who answers for it."""
    data_class: DataClassName
    """Highest class of data it carries."""
    domain: Id | None = None
    """The domain that it tells of."""
    producer: Text | None = None
    """What tells it: an interface, a process or a connection."""
    freshness_seconds: Seconds | None = None
    """How soon after it happened it is told, at the latest."""
    retention: Retention = "standard"
    """brief, standard or long: how long it stays in the journal."""
    replay_days: Annotated[StrictInt, Field(ge=1, le=REPLAY_DAYS_MAX)] | None = None
    """How far back subscribers may ask for it again; absent: as long as it is kept."""


class Consumer(Entry):
    """Somebody who calls the hub, and everything they may do."""

    owner: Text
    """Who answers for it."""
    contact: Text
    """Where to reach them when it misbehaves."""
    purpose: Text
    """Why it needs what it is given."""
    kind: ConsumerKind
    """machine, device, person or agent (a machine that decides by itself what to ask)."""
    environment: Id | None = None
    """The environment it lives in, e.g. test; absent: every one."""
    secret: SecretRef | None = None
    """Its client secret: {env: NAME} or {file: path}; for development, a key or a certificate is better."""
    keys: PublicKeys = ()
    """Its public keys, each {file: path} or {jwk: {...}}: it signs what it asks a token with (private_key_jwt)."""
    certificate: Thumbprint | None = None
    """SHA-256 thumbprint of its TLS client certificate, in base64url (x5t#S256) or hex."""
    proof: Proof = "none"
    """What its tokens are bound to: none, dpop (a key it proves to hold at each call) or mtls (its certificate)."""
    acts_for: tuple[Id, ...] = ()
    """Consumers that it may call on behalf of, by exchanging a token of theirs."""
    scopes: tuple[Scope, ...]
    """What it may do, e.g. orders:write."""
    shop: Id | None = None
    """The shop it sells for when a request names none."""
    price_list: Id | None = None
    """The price list it is quoted by when a request names none; absent: the shop's."""
    customer: Id | None = None
    """The customer it orders for when a request names none."""
    shops: AllOrIds | None = None
    """The shops whose data it may touch: "*" or a list of ids; absent: only its own shop."""
    event_types: AllOrIds = ()
    """The event types it may receive: "*" or a list of short names; absent: none."""
    data_classes: tuple[ClosedClass, ...] = ()
    """The closed classes of data it may read: personal, payment; public, internal and confidential are open to all."""
    roles: tuple[Id, ...] = ()
    """Words that policies know it by, e.g. support."""
    valid_from: Moment | None = None
    """It may do nothing before: a moment with its zone, or a day, which begins in the organisation's timezone."""
    valid_until: Moment | None = None
    """It may do nothing after: a moment with its zone, or a day, which ends in the organisation's timezone."""
    quotas: Mapping[ApiOrAll, Quota] = Field(default_factory=dict)
    """How often it may ask, by interface; `*` for each that is not named; absent: 1,000 a second, 5,000 at once."""
    origins: Annotated[tuple[Origin, ...], Field(max_length=ORIGINS_MAX)] = ()
    """Where its pages come from, e.g. https://shop.example.com: browsers let them, and no other, read its answers."""
    review: date
    """The day its rights are looked at again, e.g. 2027-06-30."""


class Webhook(Model):
    """Delivery by HTTP POST to the subscriber."""

    kind: Literal["webhook"]
    """How events are delivered: webhook."""
    url: Url
    """Where events are posted to."""
    secret: SecretRef
    """The secret that signs deliveries: {env: NAME} or {file: path}."""


class SubscriptionEntry(Entry):
    """A standing subscription: which events a consumer is told, and how."""

    consumer: Id
    """Id of the consumer that is told."""
    types: Annotated[tuple[EventType, ...], Field(min_length=1)]
    """Short names of the event types."""
    delivery: Webhook
    """How they are delivered."""


class Outbound(Model):
    """Limits on where the hub itself may connect to."""

    allow_networks: tuple[Network, ...] = ()
    """Private networks that may be called, in CIDR notation; public addresses are allowed anyway."""
