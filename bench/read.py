"""`read`: what does it cost to be governed? A cached product read through every stage, beside routes without any."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

from bench import hub
from bench.client import ended, measured, started
from bench.report import Line, alternate, line, load

CONNECTIONS: Final = 16
SECONDS: Final = 4.0
CONSUMER: Final = "integrator"

# Different products that come round again: all of them cached after the first round.
PRODUCTS: Final = 100

# The server under test has this core for itself, whoever asks the others.
SERVER_CORE: Final = 0


_NOTE: Final = (
    f"GET of one of {PRODUCTS} cached products, {CONNECTIONS} keep-alive connections, server on one core; ours: every"
    " stage on (bearer token, policies, quota, schema, minimisation, audit, census)"
)

_PLAIN: Final = (
    ("starlette", "a bare Starlette route on the same server that checks nothing"),
    ("fastapi", "a FastAPI route on the same server with hand-written bearer authentication and a model"),
)


async def lines() -> AsyncIterator[Line]:
    """Beside a bare route, hand-written authentication and the ERP; with a bound token; and stage by stage."""
    async with hub.running() as running:
        running.process("tillway.app.door").cpu_affinity([SERVER_CORE])
        reads = await _Reads.of(running)
        for kind, what in _PLAIN:
            yield await reads.beside(kind, what)
        yield await reads.bound()
        yield await reads.beside_odoo()
        yield await reads.staged()


class _Reads:
    """One hub, what is read of it, and the token it is read with."""

    def __init__(self, running: hub.BenchHub, products: dict[str, dict[str, Any]], token: str) -> None:
        self._running = running
        self._products = products
        self._token = token
        self._paths = [f"/products/v1/products/{quote(sku)}" for sku in products]

    @classmethod
    async def of(cls, running: hub.BenchHub) -> Self:
        page = await running.get(f"/products/v1/products?limit={PRODUCTS}", CONSUMER)
        found = {entry["sku"]: entry for entry in page["products"]}
        chosen = dict(random.Random(7).sample(sorted(found.items()), len(found)))
        return cls(running, chosen, await running.token(CONSUMER))

    async def beside(self, kind: str, what: str) -> Line:
        jwks = await _fetched(f"{self._running.base_url}/.well-known/jwks.json")
        async with _plain(kind, self._products, jwks) as base_url:
            rates = await alternate(self._rate, partial(self._rate, base_url))
        return line(f"read beside {kind}", *rates, unit="reads/s", note=f"{_NOTE}; yardstick: {what}; {load()}")

    async def bound(self) -> Line:
        rates = await alternate(self._bound_rate, self._rate, rounds=3)
        note = (
            f"{_NOTE}; ours: a token bound to a key and a fresh proof with each read, signed beforehand; yardstick: the"
            f" same reads with a bearer token; {load()}"
        )
        return line("read with DPoP", *rates, unit="reads/s", note=note)

    async def beside_odoo(self) -> Line:
        rates = await alternate(self._rate, self._odoo_rate, rounds=3)
        note = (
            f"{_NOTE}; yardstick: the same products asked of the sandbox's JSON-2 by SKU on {CONNECTIONS} connections"
            f" (a real Odoo answers some 50 to 150 a second a worker); {load()}"
        )
        return line("read beside Odoo", *rates, unit="reads/s", note=note)

    async def staged(self) -> Line:
        """CPU by stage, of a whole door in a process of its own."""
        rounds = [await _stages(self._running, self._paths[0], self._token) for _ in range(3)]
        told = ", ".join(f"{name} {min(each[name] for each in rounds):g}" for name in rounds[0])
        note = f"CPU of one read in the door without the server; yardstick: the handler alone; by stage: {told}"
        whole, alone = ([each[name] for each in rounds] for name in ("whole", "handler"))
        return line("read stages", whole, alone, unit="us", note=f"{note}; {load()}")

    async def _rate(self, base_url: str = "") -> float:
        return await self._measured(
            "get_reads",
            base_url=base_url or self._running.base_url,
            paths=self._paths,
            headers=[f"Authorization: Bearer {self._token}\r\n"],
            connections=CONNECTIONS,
        )

    async def _bound_rate(self) -> float:
        return await self._measured(
            "dpop_reads",
            base_url=self._running.base_url,
            token_url=self._running.told["token_url"],
            client=CONSUMER,
            secret=self._running.secret(CONSUMER),
            paths=self._paths,
            connections=CONNECTIONS,
        )

    async def _odoo_rate(self) -> float:
        return await self._measured("odoo_reads", **self._running.told["odoo"], skus=list(self._products))

    async def _measured(self, module: str, **given: Any) -> float:
        return float((await measured(module, **given, seconds=SECONDS))["rate"])


async def _stages(running: hub.BenchHub, path: str, token: str) -> dict[str, float]:
    state = running.state
    environment = {
        "TILLWAY_STATE": state,
        "TILLWAY_LANDSCAPE": f"{state}/landscape",
        "TILLWAY_DATABASE_URL": running.dsn,
        "TILLWAY_PUBLIC_URL": running.base_url,
        "TILLWAY_LOG_LEVEL": "ERROR",
    }
    return await measured("stage_times", environment=environment, token=token, path=path)


async def _fetched(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return await reply.json()


@contextlib.asynccontextmanager
async def _plain(kind: str, products: dict[str, Any], jwks: dict[str, Any]) -> AsyncIterator[str]:
    process = await started(
        "plain_reads", stdout=asyncio.subprocess.PIPE, kind=kind, core=SERVER_CORE, products=products, jwks=jwks
    )
    if process.stdout is None:
        raise RuntimeError("the plain server has no output")
    try:
        told = json.loads(await process.stdout.readline())
        await _answers(told["base_url"])
        yield told["base_url"]
    finally:
        await ended(process)


async def _answers(base_url: str) -> None:
    async with asyncio.timeout(hub.START_SECONDS), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(base_url):
                    return
            await asyncio.sleep(hub.LOOK_SECONDS)
