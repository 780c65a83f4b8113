"""Why somebody may or may not, asked without acting: part of `operations.v1`. It touches neither rooms nor records."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.identity import Explanation, explain, facts_of_consumer
from tillway.landscape import Policy

# Left to the loop between two calls into Cedar.
PAUSE_SECONDS: Final = 0.001


def bind() -> dict[str, Handler]:
    """The handlers."""

    async def explain_decision(ask: Ask) -> Answer:
        consumer = ask.landscape.consumers.get(ask.query["consumer"])
        if consumer is None:
            raise NotFound("no consumer of the landscape is called that")
        asked_for = ask.query["operation"]
        operation = next((each for _, each in ask.landscape.documents.operations() if each.id == asked_for), None)
        if operation is None or operation.public:
            raise _wrong("/query/operation", "there is no such operation that needs a token", "operation")
        shop = ask.query.get("shop")
        if shop is not None and shop not in ask.landscape.shops:
            raise _wrong("/query/shop", "there is no such shop", "shop")
        facts = facts_of_consumer(consumer, ask.landscape)
        # Policies that tell thousands of shops apart take their time.
        found = await asyncio.to_thread(
            explain,
            ask.landscape,
            facts,
            operation,
            shop=shop,
            now=ask.now,
            peer=ask.query.get("peer", ""),
            pause=PAUSE_SECONDS,
        )
        asked = {"consumer": consumer.id, "operation": operation.id, "shop": shop}
        return Answer(200, {**asked, **told(found), "release": ask.landscape.hash})

    return {"explainDecision": explain_decision}


def told(found: Explanation) -> dict[str, Any]:
    """An explanation as it is answered. Pure."""
    shops, events = found.reach.shops, found.reach.event_types
    return {
        "decision": "allow" if found.allowed else "deny",
        "reason": found.reason,
        "policies": [_policy(policy) for policy in found.policies],
        "circumstances": found.circumstances._asdict(),
        "shops": {"all": shops is None, "count": None if shops is None else len(shops)},
        "data_classes": sorted(found.reach.classes),
        "event_types": None if events is None else sorted(events),
    }


def _policy(policy: Policy) -> dict[str, Any]:
    place = {"file": policy.mark.file, "line": policy.mark.line}
    return {"id": policy.id, "effect": policy.effect, "reason": policy.reason, **place}


def _wrong(pointer: str, detail: str, rule: str) -> Invalid:
    return Invalid(violations=(Violation(pointer=pointer, detail=detail, rule=rule),))
