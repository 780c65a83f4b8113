"""Processes that wait for a person, as a person on duty sees them and acts on them."""

from __future__ import annotations

from uuid import uuid4

import pytest

EXCEPTIONS = "/operations/v1/exceptions"

STUCK = """
WITH made AS (
    INSERT INTO processes.instances (id, definition, version, subject, state, step, data, correlation, deadline, owner,
        money_at_risk, currency, exception_code, exception_detail, exception_at)
    VALUES ($1::uuid, 'place-order', $2, $1::uuid::text, 'exception', 1, '{}', 'c-1', now(), 'retail-operations', 23.94, 'EUR',
        'refused', 'invalid: no such tax', now()))
INSERT INTO processes.transitions (instance, step, was, event, state, attempts, detail)
VALUES ($1::uuid, 1, 'writing', 'refused', 'exception', 0, 'invalid: no such tax')
"""


@pytest.fixture
async def stuck(hub):
    """The id of an order's process that Odoo refused."""
    made = uuid4()
    await hub.db.fetchval(STUCK, made, 1)
    return str(made)


def act(action="retry", reason="the tax is there now"):
    return {"action": action, "reason": reason}


async def test_an_exception_says_what_may_be_done_about_it(hub, stuck):
    listed = (await hub.get(EXCEPTIONS)).json["exceptions"]
    (item,) = [each for each in listed if each["id"] == stuck]
    assert (item["actions"], item["money_at_risk"], item["currency"]) == (["retry", "cancel"], "23.94", "EUR")
    shown = (await hub.get(f"{EXCEPTIONS}/{stuck}")).json
    assert (shown["exception"], [each["was"] for each in shown["transitions"]]) == (item, ["writing"])


@pytest.mark.parametrize(("action", "state"), [("retry", "looking-up"), ("cancel", "cancelling")])
async def test_an_act_answers_where_the_process_is_now_and_has_one_effect(hub, stuck, action, state):
    key = {"Idempotency-Key": str(uuid4())}
    path = f"{EXCEPTIONS}/{stuck}/actions"
    first, second = [await hub.post(path, act(action), headers=key) for _ in range(2)]
    assert (first.status, first.json["state"], first.json["action"]) == (200, state, action)
    assert second.json == first.json
    noted = await hub.db.fetch(
        "SELECT event, state, detail FROM processes.transitions WHERE instance::text = $1", stuck
    )
    assert tuple(noted[-1]) == (action, state, "integrator: the tax is there now")
    assert (len(noted), (await hub.post(path, act(action))).status) == (2, 409)


async def test_only_what_the_table_allows_is_done(hub, stuck):
    reply = await hub.post(f"{EXCEPTIONS}/{stuck}/actions", act("accept"))
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, "/action")
    assert (await hub.get(f"{EXCEPTIONS}/{stuck}")).status == 200


async def test_what_is_no_exception_is_not_found(hub):
    assert (await hub.get(f"{EXCEPTIONS}/{uuid4()}")).status == 404
    assert (await hub.post(f"{EXCEPTIONS}/{uuid4()}/actions", act())).status == 404


async def test_a_flow_of_another_release_is_left_alone(hub):
    made = uuid4()
    await hub.db.fetchval(STUCK, made, 99)
    assert (await hub.get(f"{EXCEPTIONS}/{made}")).json["exception"]["actions"] == []
    assert (await hub.post(f"{EXCEPTIONS}/{made}/actions", act())).status == 409
