"""Own fields of the retailer: what they are called, what they hold, who answers for them, and where they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StringConstraints, model_validator

from tillway.landscape.base import Entry, Model
from tillway.landscape.values import Id, Text
from tillway.retail import DataClass, OwnField, OwnKind
from tillway.retail.own_field import CHOICES_MAX

OWN_FIELD_PATTERN: Final = r"^(product|customer)\.[a-z][a-z0-9_]{0,62}$"
"""The word that is extended, and the field's name in it, as in `product.shelf_life`."""

_MODEL_PATTERN: Final = r"^x_[a-z0-9_.]{1,62}$"
_COLUMN_PATTERN: Final = r"^x_[a-z0-9_]{1,61}$"

OwnFieldId = Annotated[str, StringConstraints(pattern=OWN_FIELD_PATTERN)]


WITHOUT_MODELS: Final = frozenset({"customer"})
"""Words that no extra model extends: all of a customer's would be read anew whenever one of its records changes."""


class InOdoo(Model):
    """Where an own field stands in Odoo."""

    field: Annotated[str, StringConstraints(pattern=_COLUMN_PATTERN)]
    """Technical name of the field there, e.g. x_shelf_life: of product or customer, or of the model that is named."""
    model: Annotated[str, StringConstraints(pattern=_MODEL_PATTERN)] | None = None
    """An extra model that holds it, e.g. x_hazard, for products only; absent: the product or customer itself."""
    product: Annotated[str, StringConstraints(pattern=_COLUMN_PATTERN)] | None = None
    """The field of the extra model that points to the product or its template, e.g. x_product_id."""

    @model_validator(mode="after")
    def _points_to_the_product(self) -> InOdoo:
        if (self.model is None) != (self.product is None):
            raise ValueError("an extra model has a field that points to the product: say both, or neither")
        return self


class OwnFieldEntry(Entry):
    """One field that the retailer adds to a word of ours; its id is the word and the name, e.g. product.shelf_life."""

    type: OwnKind
    """text, number (a decimal string), boolean, date, moment or choice."""
    data_class: Literal["public", "internal", "confidential", "personal"]
    """How sensitive it is: public, internal, confidential or personal; a product's personal ones are in no event."""
    owner: Text
    """Who answers for what it means and for its values."""
    about: Text
    """What it means, as consumers read it in the contract."""
    choices: Annotated[tuple[Text, ...], Field(max_length=CHOICES_MAX)] = ()
    """For a choice: the values it may have, as Odoo holds them."""
    optional: StrictBool = True
    """false: a product without it is a finding; of a customer it is logged."""
    connection: Id | None = None
    """The connection that it is read through; absent: every one."""
    odoo: InOdoo
    """Where it stands in Odoo: {field: x_...}, or {model: x_..., product: x_..., field: x_...}."""

    @model_validator(mode="after")
    def _choices_of_a_choice(self) -> OwnFieldEntry:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to the type choice, and that needs some")
        return self

    @model_validator(mode="after")
    def _held_where_it_can_be_read(self) -> OwnFieldEntry:
        if self.odoo.model is not None and self.entity in WITHOUT_MODELS:
            raise ValueError(f"an extra model extends products only: a {self.entity} has fields of its own")
        return self

    @property
    def entity(self) -> str:
        """The word that it extends."""
        return self.id.partition(".")[0]

    @property
    def field(self) -> OwnField:
        """What it is to whoever is told it."""
        return OwnField(
            name=self.id.partition(".")[2],
            kind=self.type,
            data_class=DataClass(self.data_class),
            about=self.about,
            choices=self.choices,
        )


def own_fields(entries: Iterable[OwnFieldEntry]) -> Mapping[str, Mapping[str, OwnField]]:
    """Own fields by the word they extend and by their name there."""
    found: dict[str, dict[str, OwnField]] = {}
    for entry in entries:
        found.setdefault(entry.entity, {})[entry.field.name] = entry.field
    return MappingProxyType(found)
