"""What the retailer added to products and customers in this Odoo: which of it can be read, and what it holds.

What the landscape declares and Odoo lacks stops no reading: it is said, and the records go on without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tillway.errors import Forbidden
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2
from .mapping.own_fields import DIFFERENT, POINTED_AT, UNSET, OwnValues, fitting, own_values
from .mapping.values import reference
from .places import PRODUCT, OwnFieldInOdoo

ROWS_A_PRODUCT: Final = 5
"""Records of a model of the retailer's that are read for a page, for each of its products: one is meant, and more are
looked at only to say so."""

NEWEST: Final = 50
"""Records of each that are looked at to see whether any changed, as of other models that mark no product."""

Described = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Readable:
    """Which own fields can be read now, and what keeps the others from it, in words."""

    fields: tuple[OwnFieldInOdoo, ...] = ()
    wrong: tuple[str, ...] = ()
    relations: Mapping[str, str] = field(default_factory=dict)
    """By name of a field: the model that its record points to."""

    @property
    def columns(self) -> list[str]:
        """Those that stand on the record itself."""
        return [each.column for each in self.fields if not each.product]


class OwnFields:
    """The own fields of one word in one Odoo; `base` is the model that it is kept in."""

    def __init__(self, odoo: Json2, declared: Iterable[OwnFieldInOdoo], base: str = PRODUCT) -> None:
        self._odoo = odoo
        self._base = base
        self._declared = tuple(declared)

    async def readable(self, call: Call) -> Readable:
        """What can be read now: fields come and go over there. One call a model that has any."""
        there: dict[str, Described | str] = {}
        for model in sorted({each.model for each in self._declared}):
            there[model] = await self._described(call, model)
        fields, wrong, relations = [], [], {}
        for each in self._declared:
            described = there[each.model]
            said = described if isinstance(described, str) else fitting(each, described)
            if said is not None:
                wrong.append(f"{each.field.name}: {said}")
                continue
            fields.append(each)
            if each.product and not isinstance(described, str):
                relations[each.field.name] = described[each.product]["relation"]
        return Readable(tuple(fields), tuple(wrong), relations)

    async def values(self, call: Call, rows: list[dict[str, Any]], known: Readable) -> dict[int, OwnValues]:
        """The own fields of these rows, by the rows' ids."""
        raw: dict[int, dict[str, Any]] = {row["id"]: {} for row in rows}
        for each in known.fields:
            found = await self._pointing(call, rows, each, known.relations) if each.product else None
            for row in rows:
                raw[row["id"]][each.field.name] = row[each.column] if found is None else found[row["id"]]
        return {row["id"]: own_values(known.fields, raw[row["id"]]) for row in rows}

    async def versions(self, call: Call, known: Readable) -> list[Any]:
        """What changes when a product may have changed unseen: a declaration, a field there, an extra record."""
        found: list[Any] = [[repr(each) for each in known.fields], list(known.wrong)]
        for each in known.fields:
            if each.product:
                fields = ["write_date", each.product, each.column]
                rows = await self._odoo.search_read(
                    call, each.model, [], fields, order="write_date desc, id desc", limit=NEWEST
                )
                count = await self._odoo.call(call, READ, each.model, "search_count", domain=[])
                found += [rows, count]
        return found

    async def _described(self, call: Call, model: str) -> Described | str:
        wanted = sorted(
            {name for each in self._declared if each.model == model for name in (each.column, each.product)}
        )
        names = [name for name in wanted if name]
        try:
            if model != self._base:
                # Fields are described to whoever asks; records are not read by everybody.
                await self._odoo.call(call, READ, model, "search", domain=[], limit=1)
            described: Described = await self._odoo.call(
                call, READ, model, "fields_get", allfields=names, attributes=["type", "relation"]
            )
        except NotThere:
            if model == self._base:
                raise
            return f"there is no model {model}"
        except Forbidden:
            if model == self._base:
                raise
            return f"our user may not read {model}"
        return described

    async def _pointing(
        self, call: Call, rows: list[dict[str, Any]], each: OwnFieldInOdoo, relations: Mapping[str, str]
    ) -> dict[int, Any]:
        """What the records of an extra model say of these products."""
        place = POINTED_AT[relations[each.field.name]]
        ids = {row["id"]: int(reference(row[place]) or 0) for row in rows}
        if not ids:
            return {}
        limit = ROWS_A_PRODUCT * len(ids)
        wanted = sorted(set(ids.values()))
        found = await self._odoo.search_read(
            call, each.model, [[each.product, "in", wanted]], [each.product, each.column], order="id", limit=limit
        )
        said: dict[int, Any] = {}
        for row in found:
            of = int(reference(row[each.product]) or 0)
            said[of] = row[each.column] if said.get(of, row[each.column]) == row[each.column] else DIFFERENT
        # A page that was cut off may lack any of them.
        rest = DIFFERENT if len(found) == limit else UNSET
        return {product: said.get(of, rest) for product, of in ids.items()}
