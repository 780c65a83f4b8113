"""What an Odoo is to us, and what our shops, tills, lists and customers are called in it. Frozen values, handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from tillway.retail import LIST_PRICE, OwnField

WORKERS: Final = 2
"""Calls at once to one Odoo unless told otherwise: its default number of HTTP workers. More only adds latency, and
for confirmations of the same products minutes of serialization back-off (measured)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One Odoo database and how to get in."""

    url: str
    """Where it answers, e.g. `https://odoo.example.com`: the final address, for redirects are not followed."""
    database: str
    """Sent as `X-Odoo-Database`."""
    key: str = field(repr=False)
    """An API key of scope `rpc`."""
    next_key: str = field(default="", repr=False)
    """Its successor, used once the first is refused; empty: there is none yet."""
    login: str = ""
    """Login of the key's user; only JSON-RPC needs it."""
    protocol: Literal["auto", "jsonrpc"] = "auto"
    """By the server's version, or JSON-RPC whatever it says."""
    workers: int = WORKERS
    """How many calls it may get at once."""
    allow_writes: bool = True
    """False lets through only calls that change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillInOdoo:
    """One till."""

    company: str
    """Foreign id of the company that owns the point of sale."""
    config: int
    """`pos.config` id."""
    methods: Mapping[str, int]
    """`pos.payment.method` id by kind of tender: cash, card, voucher, other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopInOdoo:
    """One shop."""

    company: str
    """Foreign id of the company that sells."""
    warehouse: int
    """`stock.warehouse` id."""
    timezone: str
    """IANA name: a receipt counts for a day of the shop."""
    tills: tuple[str, ...] = ()
    """Our ids of its tills."""


PRODUCT: Final = "product.product"
"""The model of what is sold: it shows the fields of its template too."""

PARTNER: Final = "res.partner"
"""The model of who buys."""

MODELS: Final[Mapping[str, str]] = {"product": PRODUCT, "customer": PARTNER}
"""Words that own fields extend, and the model that each is kept in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFieldInOdoo:
    """A field that the retailer added: to products or customers, or in a model of its own that points to products."""

    field: OwnField
    """What it is to us."""
    column: str
    """Its technical name."""
    model: str = PRODUCT
    """The model that holds it."""
    product: str = ""
    """In a model of its own: the field that points to the product or its template."""
    entity: str = "product"
    """The word that it extends."""
    optional: bool = True
    """Whether a product may be without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Our ids to theirs, for all that the landscape declares on one connection."""

    price_lists: Mapping[str, int | None] = field(default_factory=lambda: MappingProxyType({}))
    """`product.pricelist` id by our id of the list; None is Odoo's own list price."""
    customers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """`res.partner` id by our id of the customer."""
    tills: Mapping[str, TillInOdoo] = field(default_factory=lambda: MappingProxyType({}))
    """Tills by our id."""
    shops: Mapping[str, ShopInOdoo] = field(default_factory=lambda: MappingProxyType({}))
    """Shops by our id."""
    own_fields: tuple[OwnFieldInOdoo, ...] = ()
    """What the retailer added to our words."""

    def own_fields_of(self, entity: str) -> tuple[OwnFieldInOdoo, ...]:
        """What it added to one of them."""
        return tuple(each for each in self.own_fields if each.entity == entity)

    def price_list(self, ours: str) -> int | None:
        """The foreign id of a list of ours; None for list prices. KeyError when it is not declared."""
        if ours == LIST_PRICE and ours not in self.price_lists:
            return None
        return self.price_lists[ours]
