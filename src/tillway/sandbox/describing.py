"""The server's tables of itself: a row for each model and each of its fields, as `ir.model` shows them."""

from __future__ import annotations

from tillway.sandbox.environment import Env


def describe(env: Env) -> None:
    """Put down every model and field. They are many, so without the checks that a person's rows have."""
    stamp = {"create_date": env.now, "write_date": env.now, "create_uid": env.user, "write_uid": env.user}
    for name in sorted(env.models):
        each = env.models[name]
        model = env.transaction.insert(
            "ir.model", {"name": each.label, "model": name, "transient": False, "state": "base", **stamp}
        )
        for field in each.fields.values():
            row = {
                "name": field.name,
                "model": name,
                "model_id": model,
                "ttype": field.kind,
                "state": "base",
                "relation": field.relation or False,
                "field_description": field.label,
                "store": field.stored or field.kept,
            }
            env.transaction.insert("ir.model.fields", {**row, **stamp})
