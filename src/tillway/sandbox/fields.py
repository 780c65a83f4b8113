"""How a model is described: fields and models as plain values, so that the tables in `models/` are data.

Money and quantities are floats here, as they are on Odoo's wire; arithmetic on them goes through Decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

Compute = Callable[[Any, int], Any]
"""(environment, record id) -> value, in the form in which the store would keep it."""

SCALARS: Final = frozenset({"char", "text", "html", "selection", "binary"})
NUMBERS: Final = frozenset({"integer", "float", "monetary"})
X2MANY: Final = frozenset({"one2many", "many2many"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column or computed value. `compute` makes it on reading; `inverse_write` lets it be written all the same."""

    name: str
    kind: str
    label: str
    relation: str = ""
    inverse: str = ""
    path: str = ""
    """Dotted path of the field this one shows; writes go through when `through` is set."""
    through: bool = False
    required: bool = False
    readonly: bool = False
    default: Any = None
    """A value, or a callable of the environment."""
    compute: Compute | None = None
    inverse_write: Callable[[Any, int, Any], None] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    indexed: bool = False
    kept: bool = False
    """Computed here, but a column under Odoo: searching and sorting by it works."""
    on_delete: str = "set null"

    @property
    def stored(self) -> bool:
        """Whether the row itself holds it."""
        return not self.compute and not self.path and self.kind != "one2many"

    @property
    def searchable(self) -> bool:
        """Whether a domain or an order clause may name it."""
        return self.compute is None or self.kept or self.name == "display_name"

    @property
    def x2many(self) -> bool:
        """Whether its value is a list of records."""
        return self.kind in X2MANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """Fields whose values together may occur once; the message (a format of the row) is what the database says."""

    fields: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: its fields, its default order and how a record is called."""

    name: str
    label: str
    fields: Mapping[str, Field]
    order: str = "id"
    rec_name: str = "name"
    display: Compute | None = None
    delegates: str = ""
    """The many2one to the model whose fields this one shows and writes as its own."""
    unique: tuple[Unique, ...] = ()
    parent: str = "parent_id"
    search_names: tuple[str, ...] = ()
    """Fields that name_search looks into; empty means the rec_name."""


def _maker(kind: str) -> Callable[..., Field]:
    def make(name: str, label: str = "", **more: Any) -> Field:
        return Field(name=name, kind=kind, label=label or _title(name), **more)

    return make


def _title(name: str) -> str:
    return name.removesuffix("_ids").removesuffix("_id").replace("_", " ").title()


char = _maker("char")
text = _maker("text")
html = _maker("html")
binary = _maker("binary")
integer = _maker("integer")
decimal = _maker("float")
monetary = _maker("monetary")
boolean = _maker("boolean")
date = _maker("date")
moment = _maker("datetime")


def selection(name: str, choices: str, label: str = "", **more: Any) -> Field:
    """A field of fixed choices, given as `value=Label|value=Label` or bare values."""
    pairs = tuple(
        (value, text or _title(value)) for value, _, text in (each.partition("=") for each in choices.split("|"))
    )
    return Field(name=name, kind="selection", label=label or _title(name), choices=pairs, **more)


def many2one(name: str, relation: str, label: str = "", **more: Any) -> Field:
    """A reference to one record of `relation`; a required one keeps that record from being deleted."""
    more.setdefault("indexed", True)
    more.setdefault("on_delete", "restrict" if more.get("required") else "set null")
    return Field(name=name, kind="many2one", label=label or _title(name), relation=relation, **more)


def one2many(name: str, relation: str, inverse: str, label: str = "", **more: Any) -> Field:
    """The records of `relation` whose many2one `inverse` points here."""
    return Field(name=name, kind="one2many", label=label or _title(name), relation=relation, inverse=inverse, **more)


def many2many(name: str, relation: str, label: str = "", **more: Any) -> Field:
    """A list of records of `relation`."""
    return Field(name=name, kind="many2many", label=label or _title(name), relation=relation, **more)


def constant(value: Any) -> Compute:
    """A compute for what the sandbox does not model: always the value a fresh Odoo shows."""
    return lambda _env, _record: value


def _display_name(model_name: str, env: Any, record: int) -> Any:
    return env.display_name(model_name, record)


def _automatic(model_name: str) -> tuple[Field, ...]:
    """The fields that every model has."""
    return (
        integer("id", "ID", readonly=True),
        char("display_name", "Display Name", readonly=True, compute=partial(_display_name, model_name)),
        many2one("create_uid", "res.users", "Created by", readonly=True, indexed=False),
        moment("create_date", "Created on", readonly=True),
        many2one("write_uid", "res.users", "Last Updated by", readonly=True, indexed=False),
        moment("write_date", "Last Updated on", readonly=True),
    )


def model(name: str, label: str, *fields: Field, **more: Any) -> Model:
    """A model of these fields and the automatic ones."""
    return Model(name=name, label=label, fields={each.name: each for each in (*_automatic(name), *fields)}, **more)


def with_delegated(described: Model, models: Mapping[str, Model]) -> Model:
    """A model that delegates shows every field of the other one that it has not itself."""
    if not described.delegates:
        return described
    other = models[described.fields[described.delegates].relation]
    shown = {
        name: replace(
            each,
            path=f"{described.delegates}.{name}",
            through=True,
            compute=None,
            inverse_write=None,
            required=False,
            default=None,
            indexed=False,
        )
        for name, each in other.fields.items()
        if name not in described.fields
    }
    return replace(described, fields={**described.fields, **shown})
