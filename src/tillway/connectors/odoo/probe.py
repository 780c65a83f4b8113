"""Is this Odoo ready for us: its version, the key, the modules and rights we need. For `doctor` and the demo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tillway.errors import Forbidden, TillwayError
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2

NEEDED: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("product.product", "product", ("read",)),
    ("product.category", "product", ("read",)),
    ("product.pricelist", "product", ("read",)),
    ("product.pricelist.item", "product", ("read",)),
    ("account.tax", "account", ("read",)),
    ("sale.order", "sale", ("read", "create", "write")),
    ("sale.order.line", "sale", ("read", "create", "write")),
    ("pos.config", "point_of_sale", ("read",)),
    ("pos.session", "point_of_sale", ("read", "create", "write")),
    ("pos.order", "point_of_sale", ("read", "create")),
)
"""Model, the module that brings it, and what we do with its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What an Odoo looks like from here."""

    version: str | None
    """Its version, e.g. `19.0`; None when it can't be reached."""
    key_accepted: bool
    """Whether our key opens the database."""
    missing_modules: tuple[str, ...] = ()
    """Modules that bring models we need and that are not there."""
    missing_rights: tuple[str, ...] = ()
    """Rights that the key's user lacks, as `pos.order: create`."""
    problem: str = ""
    """What stopped the look, when something did."""

    @property
    def ready(self) -> bool:
        """Whether everything we do can be done."""
        return self.key_accepted and not (self.missing_modules or self.missing_rights or self.problem)


async def probe(odoo: Json2, call: Call) -> Probe:
    """Look at everything, cheapest first; raises nothing that can be said in the answer."""
    version: str | None = None
    accepted = False
    modules: dict[str, None] = {}
    rights: list[str] = []
    problem = ""
    try:
        version = await odoo.version(call.deadline)
        await odoo.call(call, READ, "res.company", "search_count", domain=[])
        accepted = True
        for model, module, operations in NEEDED:
            try:
                rights += [f"{model}: {each}" for each in operations if not await _may(odoo, call, model, each)]
            except NotThere:
                modules[module] = None
    except TillwayError as error:
        problem = error.detail
    return Probe(
        version=version,
        key_accepted=accepted,
        missing_modules=tuple(modules),
        missing_rights=tuple(rights),
        problem=problem,
    )


async def _may(odoo: Json2, call: Call, model: str, operation: str) -> bool:
    try:
        return bool(await odoo.call(call, READ, model, "has_access", ids=[], operation=operation))
    except Forbidden:
        return False
