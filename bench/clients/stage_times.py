"""What each stage of the front door costs: a whole door in this process, its stages called one by one.

Reaches into the door on purpose: what is measured is the very code that serves, with nothing put in between.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any, Final

from bench.client import serve
from tillway import clock, settings
from tillway.app import child
from tillway.app import door as doors
from tillway.gateway import schema
from tillway.gateway.answering import outgoing, put
from tillway.gateway.ask import Ask
from tillway.gateway.authenticate import authenticate
from tillway.gateway.consumer_state import in_good_standing
from tillway.gateway.context import context
from tillway.gateway.pipeline import Request, Seen
from tillway.gateway.presenting import joined, presented
from tillway.gateway.trail import Trail, network_class
from tillway.web import Incoming

CALLS: Final = 2_000
ROUNDS: Final = 5

PEER: Final = "127.0.0.1"


async def main(*, environment: dict[str, str], token: str, path: str) -> dict[str, float]:
    """Microseconds of CPU of one call, the best of ROUNDS, by stage."""
    async with doors.opened(settings.read(environment)) as (door, works):
        child.settle_memory()
        found = await _stages(door, token, path)
        for work in works:
            work.close()
    return found


async def _cost(act: Callable[[], Any]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            answer = act()
            if inspect.isawaitable(answer):
                await answer
        best = min(best, time.process_time() - began)
    return round(best / CALLS * 1e6, 2)


async def _stages(door: Any, token: str, path: str) -> dict[str, float]:
    pipeline = door._pipeline
    fields = [(b"host", b"127.0.0.1:8000"), (b"authorization", f"Bearer {token}".encode())]
    at = {"client": (PEER, 40_000), "server": (PEER, 8_000), "scheme": "http", "http_version": "1.1"}
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", **at}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Any) -> None:
        return

    def whole() -> Any:
        return door({**scope, "headers": fields}, receive, send)

    await whole()
    headers, landscape, now = joined(fields), pipeline._active.current, clock.now()
    ids, routes = context(headers), door._routes.of(pipeline._active.current)
    route, parameters = routes.find("GET", path)
    operation = route.checks.operation
    trail = Trail(node=door._node, correlation=ids.correlation, network=network_class(PEER))
    trail.asked(operation, parameters, landscape.hash, now)
    seen = Seen("-", trail)
    request = Request(headers, b"", Incoming(receive, headers), ids, PEER, "GET", path)
    admitted = await pipeline._admitted(operation, request, landscape, now, seen)
    issuer = pipeline._keys.realm.issuer
    brought = presented(headers, method="GET", path=path, peer=PEER, issuer=issuer, landscape=landscape)
    asker = await authenticate(pipeline._keys, brought, operation, landscape, now)
    ask = Ask(
        operation=operation,
        path=parameters,
        query={},
        body=None,
        grant=admitted.grant,
        landscape=landscape,
        correlation=ids.correlation,
        causation=None,
        traceparent=ids.traceparent,
        now=now,
        deadline=now,
        trail=trail,
    )
    answer = await route.handler(ask)
    out = outgoing(route.minimiser.answer(answer, admitted.grant.classes))

    async def audited() -> None:
        await door._auditor.record(trail, operation.id, out)

    return {
        "correlation and trace": await _cost(lambda: context(headers)),
        "route": await _cost(lambda: routes.find("GET", path)),
        "authenticate": await _cost(lambda: authenticate(pipeline._keys, brought, operation, landscape, now)),
        "consumer state": await _cost(lambda: in_good_standing(asker, pipeline._restricted(), operation, now)),
        "authorise": await _cost(lambda: pipeline._authoriser.admitted(asker, operation, landscape, now, PEER)),
        "admission": await _cost(lambda: pipeline._admission.check(operation, None)),
        "quota": await _cost(lambda: pipeline._quotas.spend(admitted.grant.consumer, operation, landscape)),
        "parameters": await _cost(lambda: schema.parameters(route.checks, parameters, b"", headers)),
        "handler": await _cost(lambda: route.handler(ask)),
        "minimise": await _cost(lambda: route.minimiser.answer(answer, admitted.grant.classes)),
        "answer": await _cost(lambda: outgoing(answer)),
        "audit and census": await _cost(audited),
        "put on the line": await _cost(lambda: put(send, out, correlation="c", head=False, close=False)),
        "metrics": await _cost(lambda: door._metrics.observe(operation.id, 200, 0.001)),
        "whole": await _cost(whole),
    }


if __name__ == "__main__":
    serve(main)
