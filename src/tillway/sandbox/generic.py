"""The methods that every model has, with the arguments that Odoo gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tillway.sandbox import changing, domains, identifiers, products, reading
from tillway.sandbox.environment import Env
from tillway.sandbox.fields import Field
from tillway.sandbox.loading import load
from tillway.sandbox.methods import Call, Method, Methods

NAME_SEARCH_LIMIT: Final = 100
"""How many names are answered when the caller sets no limit; Odoo's own default."""


def search(call: Call, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None) -> list[int]:
    """Ids of the records in the domain."""
    return reading.search(call.env, call.model, domain, offset=offset, limit=limit, order=order)


def search_count(call: Call, domain: Any, limit: int | None = None) -> int:
    """How many there are, at most `limit`."""
    found = len(reading.search(call.env, call.model, domain))
    return min(found, limit) if limit else found


def search_read(  # noqa: PLR0917 - the signature of Odoo
    call: Call,
    domain: Any = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    load: str | None = "_classic_read",
) -> list[dict[str, Any]]:
    """Search and read in one."""
    found = reading.search(call.env, call.model, domain or [], offset=offset, limit=limit, order=order)
    return reading.read(call.env, call.model, found, fields, classic=bool(load))


def read(call: Call, fields: Sequence[str] | None = None, load: str | None = "_classic_read") -> list[dict[str, Any]]:
    """The records, without those that are gone."""
    return reading.read(call.env, call.model, call.ids, fields, classic=bool(load))


def create(call: Call, vals_list: Any) -> list[int]:
    """New records; always a list of ids, also for one."""
    given = vals_list if isinstance(vals_list, list) else [vals_list]
    return [changing.create(call.env, call.model, values) for values in given]


def write(call: Call, vals: dict[str, Any]) -> bool:
    """Change records."""
    changing.write(call.env, call.model, call.ids, vals)
    return True


def unlink(call: Call) -> bool:
    """Delete records; a template goes with its last variant."""
    emptied = products.without_variants(call.env, list(call.ids)) if _all_there(call, products.VARIANT) else []
    changing.unlink(call.env, call.model, call.ids)
    if emptied:
        changing.unlink(call.env, products.TEMPLATE, emptied)
    return True


def _all_there(call: Call, model: str) -> bool:
    return call.model == model and all(call.env.exists(model, each) for each in call.ids)


def action_archive(call: Call) -> None:
    """Hide records from searches."""
    changing.write(call.env, call.model, call.ids, {"active": False})


def action_unarchive(call: Call) -> None:
    """Show them again."""
    changing.write(call.env, call.model, call.ids, {"active": True})


def name_search(
    call: Call, name: str = "", domain: Any = None, operator: str = "ilike", limit: int | None = NAME_SEARCH_LIMIT
) -> list[list[Any]]:
    """[id, name] of the records whose name (or barcode, code, e-mail...) fits."""
    described = call.env.models[call.model]
    fitting = domains.named(call.env, described, operator, name)
    found = [each for each in reading.search(call.env, call.model, domain or []) if each in fitting]
    return [[each, call.env.display_name(call.model, each)] for each in found[: limit or None]]


def name_create(call: Call, name: str) -> list[Any]:
    """A new record of which only the name is known."""
    made = changing.create(call.env, call.model, {call.env.models[call.model].rec_name: name})
    return [made, call.env.display_name(call.model, made)]


def fields_get(
    call: Call, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
) -> dict[str, Any]:
    """The model's fields and what is known of them."""
    fields = call.env.models[call.model].fields
    wanted = [name for name in fields if not allfields or name in allfields]
    described = {name: _described(fields[name]) for name in wanted}
    if not attributes:
        return described
    return {name: {key: value for key, value in each.items() if key in attributes} for name, each in described.items()}


def _described(each: Field) -> dict[str, Any]:
    words: dict[str, Any] = {
        "type": each.kind,
        "string": each.label,
        "required": each.required,
        "readonly": each.readonly or (not each.stored and not each.through and each.inverse_write is None),
        "store": each.stored or each.kept or each.kind == "one2many",
        "searchable": each.searchable,
        "sortable": each.searchable and not each.x2many,
        "name": each.name,
    }
    if each.relation:
        words["relation"] = each.relation
    if each.inverse:
        words["relation_field"] = each.inverse
    if each.choices:
        words["selection"] = [list(choice) for choice in each.choices]
    if each.path:
        words["related"] = each.path
    return words


def default_get(call: Call, fields: Sequence[str]) -> dict[str, Any]:
    """What a new record would get by itself."""
    known = call.env.models[call.model].fields
    return {
        name: _default(call.env, known[name]) for name in fields if name in known and known[name].default is not None
    }


def _default(env: Env, each: Field) -> Any:
    return each.default(env) if callable(each.default) else each.default


def has_access(call: Call, operation: str) -> bool:
    """Whether the user may do this to the model at all; the sandbox's one user may do everything."""
    return operation in {"read", "write", "create", "unlink"} and call.model in call.env.models


METHODS: Final[Methods] = {
    "search": Method(search, on_records=False),
    "search_count": Method(search_count, on_records=False),
    "search_read": Method(search_read, on_records=False),
    "name_search": Method(name_search, on_records=False),
    "name_create": Method(name_create, on_records=False),
    "fields_get": Method(fields_get, on_records=False),
    "default_get": Method(default_get, on_records=False),
    "create": Method(create, on_records=False),
    "load": Method(load, on_records=False),
    "read": Method(read),
    "get_external_id": Method(identifiers.get_external_id),
    "has_access": Method(has_access),
    "write": Method(write),
    "unlink": Method(unlink),
    "action_archive": Method(action_archive),
    "action_unarchive": Method(action_unarchive),
}
"""For every model; archiving only where there is an `active` field, which `registry` sees to."""
