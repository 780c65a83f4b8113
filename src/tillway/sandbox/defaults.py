"""What a new record gets where nothing is given: functions of the call's environment."""

from __future__ import annotations

import uuid

from tillway.sandbox.environment import Env


def company(env: Env) -> int:
    """The company in force."""
    return env.company


def country(env: Env) -> int | bool:
    """The country of the company in force."""
    return env.get("res.company", env.company, "country_id") or False


def now(env: Env) -> str:
    """The time the transaction began."""
    return env.now


def today(env: Env) -> str:
    """The day the transaction began, in UTC."""
    return env.now[: len("2026-11-23")]


def user(env: Env) -> int:
    """Who calls."""
    return env.user


def new_uuid(_env: Env) -> str:
    """A random identifier where the caller brought none."""
    return str(uuid.uuid4())
