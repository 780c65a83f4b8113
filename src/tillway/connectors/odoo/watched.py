"""Whose changes Odoo is asked to tell at once, and what is read then. Pure.

A rule posts once for each record and holds up the call that changed it, so there is none for what changes in bulk:
quants, stock moves, order lines, journal items and tills' orders are read by time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Trigger = Literal["on_create_or_write", "on_unlink"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One rule: told when one of these fields of a record changes (none: any), or when a record is deleted."""

    model: str
    domains: tuple[str, ...]
    module: str
    """What brings the model; without it there is nothing to watch."""
    fields: tuple[str, ...] = ()
    """Those that this version of Odoo does not have are left out."""
    trigger: Trigger = "on_create_or_write"
    only: str = ""
    """A domain over the changed record; what does not match is not told."""

    @property
    def what(self) -> str:
        """The rule in two words."""
        return f"{self.model} {'deleted' if self.trigger == 'on_unlink' else 'changed'}"


_PARTNER: Final = (
    "name",
    "email",
    "phone",
    "vat",
    "ref",
    "street",
    "street2",
    "zip",
    "city",
    "country_id",
    "state_id",
    "lang",
    "parent_id",
    "active",
    "specific_property_product_pricelist",
)
_TEMPLATE: Final = ("name", "list_price", "taxes_id", "uom_id", "categ_id", "active", "sale_ok")
_BINDING: Final = '[("state", "not in", ["draft", "sent"])]'
_SETTLED: Final = '[("state", "in", ["assigned", "done", "cancel"])]'
_POSTED: Final = '[("state", "in", ["posted", "cancel"])]'


def _rule(model: str, module: str, domains: str, fields: Sequence[str] = (), only: str = "") -> Watched:
    return Watched(model=model, module=module, domains=tuple(domains.split()), fields=tuple(fields), only=only)


def _deleted(model: str, module: str, domains: str) -> Watched:
    return Watched(model=model, module=module, domains=tuple(domains.split()), trigger="on_unlink")


WATCHED: Final = (
    _rule("product.template", "product", "products", _TEMPLATE),
    _rule("product.product", "product", "products", ("default_code", "barcode", "active")),
    _deleted("product.product", "product", "products"),
    _rule("product.template.attribute.value", "product", "products", ("price_extra",)),
    _rule("product.category", "product", "products", ("name", "parent_id")),
    _rule("account.tax", "account", "products taxes", ("amount", "amount_type", "price_include_override", "active")),
    _rule("product.pricelist", "product", "prices", ("name", "active", "currency_id")),
    _rule("product.pricelist.item", "product", "prices"),
    _deleted("product.pricelist.item", "product", "prices"),
    _rule("res.partner", "base", "customers", _PARTNER),
    _deleted("res.partner", "base", "customers"),
    _rule("sale.order", "sale", "orders", ("state", "amount_total"), _BINDING),
    _rule("stock.picking", "stock", "shipments orders stock", ("state",), _SETTLED),
    _rule("account.move", "account", "documents invoices orders", ("state", "payment_state"), _POSTED),
    _rule("loyalty.card", "loyalty", "loyalty", ("points", "active", "partner_id", "expiration_date")),
    _rule("loyalty.program", "loyalty", "promotions"),
    _rule("loyalty.rule", "loyalty", "promotions"),
    _rule("loyalty.reward", "loyalty", "promotions"),
    _rule("pos.session", "point_of_sale", "sessions", ("state",)),
)
"""In the order in which they are made."""


def _by_model() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for each in WATCHED:
        found.setdefault(each.model, {}).update(dict.fromkeys(each.domains))
    return MappingProxyType({model: tuple(domains) for model, domains in found.items()})


_BY_MODEL: Final = _by_model()


def domains_of(model: str) -> tuple[str, ...]:
    """What is read when a record of this model changed; nothing for one that is not watched."""
    return _BY_MODEL.get(model, ())
