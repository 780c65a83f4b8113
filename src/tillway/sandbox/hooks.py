"""Outgoing webhooks: after a commit one POST per changed record, unsigned, with a second's patience and no second try.

They are set on the panel, or made as automation rules over the API. Posting holds up the answer of the call, as it
does under Odoo, and `hooks_lost` loses some.
"""

from __future__ import annotations

from typing import Final

import aiohttp

from tillway.sandbox import automations
from tillway.sandbox.automations import Post
from tillway.sandbox.environment import Env
from tillway.sandbox.faults import Panel
from tillway.sandbox.fields import Model
from tillway.sandbox.store import Store, Transaction

PATIENCE: Final = aiohttp.ClientTimeout(total=1.0)
"""Seconds for one POST; Odoo's own limit."""


class Hooks:
    """Collects what a transaction changed and posts it once committed."""

    def __init__(self, store: Store, panel: Panel, models: dict[str, Model]) -> None:
        self._store = store
        self._panel = panel
        self._models = models
        self._waiting: list[Post] = []

    def collect(self, transaction: Transaction, now: str) -> None:
        """Note the bodies for this transaction's changes; values are taken inside it."""
        hooks = self._panel.switches.hooks
        env = Env(store=self._store, models=self._models, hooks={}, transaction=transaction, now=now)
        for number, hook in enumerate(hooks, start=1):
            for model, record in sorted(transaction.changed):
                if model == hook.model and env.exists(model, record):
                    values = {name: env.get(model, record, name) for name in hook.fields}
                    body = {"_action": f"{hook.model}(#{number})", "_id": record, "_model": model, "id": record}
                    self._waiting.append(Post(hook.model, hook.url, {**body, **values}))
        self._waiting.extend(automations.posts(env))

    async def post(self) -> None:
        """Post what was noted. Nobody hears of a failure: delivery is at most once."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        async with aiohttp.ClientSession(timeout=PATIENCE) as session:
            for each in waiting:
                if self._panel.strikes(self._panel.switches.hooks_lost, each.model):
                    self._panel.hooks_lost += 1
                    continue
                try:
                    async with session.post(each.url, json=each.body) as answer:
                        await answer.read()
                        self._panel.hooks_posted += 1
                except (aiohttp.ClientError, TimeoutError):
                    self._panel.hooks_lost += 1
