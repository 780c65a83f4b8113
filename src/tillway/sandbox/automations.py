"""Automation rules that post: which of them a transaction sets off, and with what. Pure over the store.

As under Odoo: a rule on creating and writing is set off when one of its trigger fields got another value (none named:
by every write), a rule on deletion by each deleted record, and `filter_domain` is asked of the record as it is then.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tillway.sandbox import reading
from tillway.sandbox.environment import Env
from tillway.sandbox.store import Row

RULE: Final = "base.automation"
ACTION: Final = "ir.actions.server"


@dataclass(frozen=True, slots=True)
class Post:
    """One body on its way."""

    model: str
    url: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Rule:
    model: str
    trigger: str
    fields: frozenset[str]
    only: str
    action: Row
    posted: tuple[str, ...]


def posts(env: Env) -> Iterator[Post]:
    """What this transaction's changes are to post, in the order of model and record."""
    rules = tuple(_rules(env))
    if not rules:
        return
    for model, record in sorted(env.transaction.changed):
        for rule in rules:
            if rule.model == model and _set_off(env, rule, record):
                yield Post(model, str(rule.action["webhook_url"]), _body(env, rule, record))


def _rules(env: Env) -> Iterator[_Rule]:
    names = env.store.tables["ir.model.fields"].rows
    models = env.store.tables["ir.model"].rows
    for action in env.store.tables[ACTION].rows.values():
        rule = env.store.tables[RULE].rows.get(action["base_automation_id"] or 0)
        if rule is None or not rule["active"] or action["state"] != "webhook" or not action["webhook_url"]:
            continue
        yield _Rule(
            model=models[rule["model_id"]]["model"],
            trigger=rule["trigger"],
            fields=frozenset(names[each]["name"] for each in rule["trigger_field_ids"]),
            only=rule["filter_domain"] or "",
            action=action,
            posted=tuple(names[each]["name"] for each in action["webhook_field_ids"]),
        )


def _set_off(env: Env, rule: _Rule, record: int) -> bool:
    there = env.exists(rule.model, record)
    if rule.trigger == "on_unlink":
        return not there and env.transaction.before.get((rule.model, record)) is not None
    if not there:
        return False
    before = env.transaction.before.get((rule.model, record))
    if before is None:
        wanted = rule.trigger in {"on_create", "on_create_or_write"}
    else:
        wanted = rule.trigger in {"on_write", "on_create_or_write"} and _differs(env, rule, record, before)
    return wanted and (not rule.only or _matches(env, rule, record))


def _differs(env: Env, rule: _Rule, record: int, before: Row) -> bool:
    if not rule.fields:
        return True
    now = env.row(rule.model, record)
    return any(name in before and before[name] != now[name] for name in rule.fields)


def _matches(env: Env, rule: _Rule, record: int) -> bool:
    domain: Sequence[Any] = ast.literal_eval(rule.only)
    found = reading.search(env.having(active_test=False), rule.model, [["id", "=", record], *domain])
    return bool(found)


def _body(env: Env, rule: _Rule, record: int) -> dict[str, Any]:
    name = f"{rule.action['name']}(#{rule.action['id']})"
    body = {"_action": name, "_id": record, "_model": rule.model, "id": record}
    if not env.exists(rule.model, record):
        return body
    return body | {field: env.get(rule.model, record, field) for field in rule.posted}
