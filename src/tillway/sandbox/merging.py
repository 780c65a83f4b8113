"""Two contacts that are one: whatever refers to the others refers to the one that stays, and the others are deleted."""

from __future__ import annotations

from typing import Any, Final

from tillway.sandbox import changing
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.partners import MODEL
from tillway.sandbox.refusals import user_error

AT_ONCE: Final = 3
"""Contacts that the real one merges at a time."""

WIZARD: Final = "base.partner.merge.automatic.wizard"
NAMES: Final = "ir.model.data"
_STAYS: Final = frozenset({"id", "create_date", "create_uid", "write_date", "write_uid"})


def action_merge(call: Call) -> dict[str, Any]:
    """Make one of the wizard's contacts. With fewer than two there is nothing to do."""
    env, wizard = call.env, call.one()
    partners = list(env.get(WIZARD, wizard, "partner_ids"))
    if len(partners) > AT_ONCE:
        raise user_error(
            "For safety reasons, you cannot merge more than 3 contacts together. "
            "You can re-open the wizard several times if needed."
        )
    target = env.get(WIZARD, wizard, "dst_partner_id") or (partners[-1] if partners else False)
    sources = [each for each in partners if each != target]
    if target and sources:
        _refer(env, sources, target)
        _rename(env, sources, target)
        _fill(env, sources, target)
        changing.unlink(env, MODEL, sources)
    return {
        "type": "ir.actions.act_window",
        "res_model": WIZARD,
        "res_id": wizard,
        "view_mode": "form",
        "target": "new",
    }


def _refer(env: Env, sources: list[int], target: int) -> None:
    for name, model in env.models.items():
        for each in model.fields.values():
            if not (each.stored and each.relation == MODEL and each.kind == "many2one") or name == WIZARD:
                continue
            for record, row in list(env.store.tables[name].rows.items()):
                if row[each.name] in sources:
                    changing.put(env, name, record, **{each.name: target})


def _rename(env: Env, sources: list[int], target: int) -> None:
    """External ids go along, so that whoever named a contact finds the one that it became."""
    for record, row in list(env.store.tables[NAMES].rows.items()):
        if row["model"] == MODEL and row["res_id"] in sources:
            changing.put(env, NAMES, record, res_id=target)


def _fill(env: Env, sources: list[int], target: int) -> None:
    """What the one that stays lacks comes from the others."""
    row = env.row(MODEL, target)
    values = {
        name: value
        for source in reversed(sources)
        for name, value in env.row(MODEL, source).items()
        if name not in _STAYS and value and not row[name]
    }
    changing.write(env, MODEL, [target], values)
