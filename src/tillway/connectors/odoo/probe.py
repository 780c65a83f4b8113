"""Is this Odoo ready for us: its version, the key, the modules, settings and rights we need. Said in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tillway.errors import Forbidden, Poison, TillwayError
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2
from .own_fields import OwnFields
from .places import MODELS, Places

NEEDED: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("product.product", "product", ("read",)),
    ("product.category", "product", ("read",)),
    ("product.pricelist", "product", ("read",)),
    ("product.pricelist.item", "product", ("read",)),
    ("account.tax", "account", ("read",)),
    ("account.move", "account", ("read",)),
    ("res.partner", "base", ("read", "create", "write")),
    ("sale.order", "sale", ("read", "create", "write")),
    ("sale.order.line", "sale", ("read", "create", "write")),
    ("stock.quant", "stock", ("read",)),
    ("stock.picking", "stock", ("read",)),
    ("pos.config", "point_of_sale", ("read",)),
    ("pos.session", "point_of_sale", ("read", "create", "write")),
    ("pos.order", "point_of_sale", ("read", "create")),
    ("loyalty.program", "loyalty", ("read",)),
    ("loyalty.card", "loyalty", ("read",)),
)
"""Model, the module that brings it, and what we do with its records."""

OPTIONAL: Final = frozenset({"loyalty"})
"""Modules that a retailer may well go without; and the one for tills, where no till is declared."""

TILLS: Final = "point_of_sale"

WORDS: Final = {
    "sale": "orders (the Sales app is not installed)",
    "point_of_sale": "till sales (Point of Sale is not installed)",
    "product": "products and price lists (the product module is not installed)",
    "account": "taxes and invoices (Invoicing is not installed)",
    "stock": "stock (Inventory is not installed)",
    "loyalty": "points, coupons and promotions (the loyalty module is not installed)",
}
"""What is missing when a module is."""

PRICE_LISTS: Final = "product.group_product_pricelist"
"""The group that everybody is in once price lists are switched on. While they are off, orders get none, and saving any
setting archives them all."""

PRICE_LISTS_OFF: Final = "price lists (they are switched off in the settings of Sales)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What an Odoo looks like from here."""

    version: str | None
    """Its version, e.g. `19.0`; None when it can't be reached."""
    key_accepted: bool
    """Whether our key opens the database."""
    missing_modules: tuple[str, ...] = ()
    """Modules that bring models we need and that are not there."""
    without: tuple[str, ...] = ()
    """Modules that are not there and need not be."""
    switched_off: tuple[str, ...] = ()
    """Settings that what the landscape declares needs, in words."""
    own_fields: tuple[str, ...] = ()
    """Own fields that the landscape declares and that cannot be read here, each with what is wrong, in words."""
    missing_rights: tuple[str, ...] = ()
    """Rights that the key's user lacks, as `pos.order: create`."""
    problem: str = ""
    """What stopped the look, when something did."""

    @property
    def ready(self) -> bool:
        """Whether everything we do can be done."""
        return self.key_accepted and not (self.lacks or self.problem)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is missing or switched off, in plain words."""
        rights = (f"the right to {right} {model}" for model, _, right in map(_parted, self.missing_rights))
        modules = (WORDS.get(each, f"the module {each}") for each in self.missing_modules)
        own = (f"the own field {each}" for each in self.own_fields)
        return (*modules, *self.switched_off, *rights, *own)


async def probe(odoo: Json2, call: Call, places: Places) -> Probe:
    """Look at everything, cheapest first; raises nothing that can be said in the answer."""
    version: str | None = None
    accepted = False
    absent: dict[str, None] = {}
    rights: list[str] = []
    off: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    problem = ""
    optional = OPTIONAL if places.tills else OPTIONAL | {TILLS}
    try:
        version = await odoo.version(call.deadline)
        await odoo.call(call, READ, "res.company", "search_count", domain=[])
        accepted = True
        for model, module, operations in NEEDED:
            try:
                rights += [f"{model}: {each}" for each in operations if not await _may(odoo, call, model, each)]
            except NotThere:
                absent[module] = None
        if any(each is not None for each in places.price_lists.values()) and not await _price_lists(odoo, call):
            off = (PRICE_LISTS_OFF,)
        own = await _own_fields(odoo, call, places)
    except TillwayError as error:
        problem = error.detail
    return Probe(
        version=version,
        key_accepted=accepted,
        missing_modules=tuple(each for each in absent if each not in optional),
        without=tuple(each for each in absent if each in optional),
        switched_off=off,
        own_fields=own,
        missing_rights=tuple(rights),
        problem=problem,
    )


async def _price_lists(odoo: Json2, call: Call) -> bool:
    """Whether price lists are switched on; also true where it can't be seen: 17 asks for the group otherwise."""
    try:
        user = (await odoo.call(call, READ, "res.users", "context_get")).get("uid")
        return bool(await odoo.call(call, READ, "res.users", "has_group", ids=[user], group_ext_id=PRICE_LISTS))
    except (Forbidden, NotThere, Poison):
        return True


async def _own_fields(odoo: Json2, call: Call, places: Places) -> tuple[str, ...]:
    """What is wrong with them; nothing where the model that they stand on is missing, which is told already."""
    wrong: list[str] = []
    for entity, model in MODELS.items():
        try:
            wrong += (await OwnFields(odoo, places.own_fields_of(entity), model).readable(call)).wrong
        except (Forbidden, NotThere):
            continue
    return tuple(wrong)


def _parted(right: str) -> tuple[str, str, str]:
    return right.partition(": ")


async def _may(odoo: Json2, call: Call, model: str, operation: str) -> bool:
    try:
        return bool(await odoo.call(call, READ, model, "has_access", ids=[], operation=operation))
    except Forbidden:
        return False
