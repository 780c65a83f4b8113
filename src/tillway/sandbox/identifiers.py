"""External ids: names that outsiders give to records, the only key the database itself keeps unique."""

from __future__ import annotations

from typing import Final

from tillway.sandbox import changing
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.store import Row

DUPLICATE: Final = 'duplicate key value violates unique constraint "ir_model_data_module_name_uniq_index"\nDETAIL:  Key (module, name)=({module}, {name}) already exists.\n'  # noqa: E501 - the words of the database
MODEL: Final = "ir.model.data"
IMPORTED: Final = "__import__"
"""The module of an external id that was loaded without one."""


def split(external: str) -> tuple[str, str]:
    """Module and name of an external id."""
    module, dot, name = external.partition(".")
    return (module, name) if dot else (IMPORTED, external)


def find(env: Env, external: str) -> Row | None:
    """The entry of an external id, or None. An entry whose record is gone counts as none and is removed."""
    module, name = split(external)
    for entry in env.search_by(MODEL, "name", name):
        row = env.row(MODEL, entry)
        if row["module"] == module:
            if env.exists(row["model"], row["res_id"]):
                return row
            env.transaction.delete(MODEL, entry)
    return None


def assign(env: Env, external: str, model: str, record: int) -> None:
    """Give a record its external id."""
    module, name = split(external)
    changing.create(env, MODEL, {"module": module, "name": name, "model": model, "res_id": record})


def get_external_id(call: Call) -> dict[str, str]:
    """The first external id of each record, empty for one without."""
    env = call.env
    return {str(record): _first(env, call.model, record) for record in call.ids}


def _first(env: Env, model: str, record: int) -> str:
    named = (entry for entry in env.search_by(MODEL, "res_id", record) if env.row(MODEL, entry)["model"] == model)
    return next((complete_name(env, entry) for entry in named), "")


def complete_name(env: Env, record: int) -> str:
    """`module.name`."""
    row = env.row(MODEL, record)
    return f"{row['module']}.{row['name']}"


def reference(env: Env, record: int) -> str:
    """`model,id`."""
    row = env.row(MODEL, record)
    return f"{row['model']},{row['res_id']}"


def display(env: Env, record: int) -> str:
    """The name of the record behind it."""
    row = env.row(MODEL, record)
    model, target = row["model"], row["res_id"]
    return env.display_name(model, target) if model in env.models and env.exists(model, target) else row["name"]
