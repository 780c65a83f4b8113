"""One call from outside: bind its arguments, run it in a transaction of its own, try again after a conflict.

The work of a call is done at once. With work time switched on it waits first, inside its transaction, so that calls
overlap and the later one meets what the earlier one committed.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from tillway import clock
from tillway.sandbox import registry
from tillway.sandbox.environment import ADMIN, Env
from tillway.sandbox.methods import Call, Method
from tillway.sandbox.refusals import (
    SerializationFailure,
    access_error,
    bad_id_text,
    not_found,
    server_error,
    unprocessable,
    user_error,
    value_error,
)
from tillway.sandbox.store import Store, Transaction

TRIES: Final = 5
"""How often a call that met a concurrent change is run before its error is answered; Odoo's own number."""
MOMENT_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(kw_only=True)
class Caller:
    """Runs calls on a store. `work` gives the seconds a call spends in its transaction, `backoff` those before the
    n-th new try, both asked anew each time.
    """

    store: Store
    work: Callable[[], float] = lambda: 0.0
    backoff: Callable[[int], float] = lambda _: 0.0
    committed: Callable[[Transaction, str], None] = lambda _transaction, _now: None
    now: Callable[[], datetime] = clock.now

    async def run(self, model: str, name: str, body: Mapping[str, Any]) -> Any:
        """The answer of a method, as JSON can hold it. A Refusal when it is not done."""
        found = self._method(model, name)
        ids, context, arguments = _parts(model, name, found, body)
        for attempt in range(1, TRIES + 1):
            transaction = Transaction(self.store)
            now = self.now().strftime(MOMENT_FORMAT)
            seconds = self.work()
            if seconds:
                await asyncio.sleep(seconds)
            env = Env(
                store=self.store,
                models=self.store.models,
                hooks=registry.HOOKS,
                transaction=transaction,
                now=now,
                context=context,
            )
            try:
                _check_context(env)
                result = found.function(Call(env=env, model=model, ids=ids), **arguments)
            except SerializationFailure:
                transaction.rollback()
                if attempt == TRIES:
                    raise
                await asyncio.sleep(self.backoff(attempt))
            except BaseException:
                transaction.rollback()
                raise
            else:
                self.committed(transaction, now)
                transaction.commit()
                return result
        raise AssertionError("unreachable")

    def _method(self, model: str, name: str) -> Method:
        if model not in self.store.models:
            raise not_found(f"the model {model!r} does not exist")
        if name.startswith("_"):
            raise access_error(f"Private methods (such as '{model}.{name}') cannot be called remotely.")
        found = registry.method(self.store.models[model], name)
        if found is None:
            raise not_found(f"The method '{model}.{name}' does not exist")
        return found


def _parts(
    model: str, name: str, method: Method, body: Mapping[str, Any]
) -> tuple[tuple[int, ...], dict[str, Any], dict[str, Any]]:
    arguments = {key: value for key, value in body.items() if key not in {"ids", "context"}}
    if not method.on_records and body.get("ids"):
        raise unprocessable(f"cannot call {model}.{name} with ids")
    try:
        _signature(method.function).bind(None, **arguments)
    except TypeError as error:
        raise unprocessable(str(error)) from error
    context = body.get("context") or {}
    if not isinstance(context, dict):
        raise value_error("dictionary update sequence element #0 has length 1; 2 is required")
    return _ids(model, body.get("ids")), context, arguments


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _ids(model: str, given: Any) -> tuple[int, ...]:
    if given is None or given is False:
        return ()
    if isinstance(given, int):
        return (given,)
    ids = list(given)
    for each in ids:
        if not isinstance(each, int):
            table = model.replace(".", "_")
            listed = ", ".join(repr(part) for part in ids)
            statement = f'" FROM "{table}" WHERE "{table}"."id" IN ({listed})'
            raise server_error("psycopg2.errors.InvalidTextRepresentation", bad_id_text(str(each), statement))
    return tuple(ids)


def _check_context(env: Env) -> None:
    allowed = env.context.get("allowed_company_ids")
    if allowed:
        mine = set(env.store.tables["res.users"].rows[ADMIN]["company_ids"])
        if not mine.issuperset(allowed):
            raise access_error("Access to unauthorized or invalid companies.")
    language = env.context.get("lang")
    if language and language not in {row["code"] for row in env.store.tables["res.lang"].rows.values()}:
        raise user_error(f"Invalid language code: {language}")
