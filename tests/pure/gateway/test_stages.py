"""The pipeline's stages in their order: routing, who may, bodies, schemas, deadlines."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.pure.gateway.front_door import SCOPES, front, landscape, telling, token

from tillway import clock
from tillway.errors import Conflict, Invalid, NotFound, Unavailable, Violation
from tillway.gateway import Answer

ORDER = {"lines": [{"sku": "A", "quantity": "1"}]}


async def echo(ask):
    """Tells what it was asked."""
    return telling(
        200,
        {
            "operation": ask.operation.id,
            "path": ask.path,
            "query": ask.query,
            "body": ask.body,
            "consumer": ask.grant.consumer,
            "correlation": ask.correlation,
            "causation": ask.causation,
            "doubt": ask.doubt,
            "seconds": round((ask.deadline - ask.now).total_seconds(), 3),
        },
    )


def violations(reply):
    return {(each["pointer"], each["rule"]) for each in reply.json["violations"]}


async def test_a_request_reaches_its_handler_with_everything_it_needs():
    reply = await front(getProduct=echo).ask(
        "GET",
        "/products/v1/products/A%2FB%20%C3%BC",
        raw=True,
        token=token(),
        headers={"X-Correlation-Id": "c-1", "X-Causation-Id": "e-9"},
    )
    assert reply.status == 200
    assert reply.told == {
        "operation": "getProduct",
        "path": {"sku": "A/B ü"},
        "query": {},
        "body": None,
        "consumer": "webshop",
        "correlation": "c-1",
        "causation": "e-9",
        "doubt": None,
        "seconds": 10.0,
    }
    assert reply.headers["x-correlation-id"] == "c-1"
    assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == ("no-store", "nosniff")


async def test_a_correlation_id_that_cannot_be_used_is_replaced():
    reply = await front(getOrder=echo).ask(
        "GET", "/orders/v1/orders/1", token=token(), headers={"X-Correlation-Id": "no good"}
    )
    assert reply.headers["x-correlation-id"] == reply.told["correlation"]
    assert len(reply.told["correlation"]) == 36


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/orders",
        "/orders/v2/orders",
        "/orders/v1/orders/",
        "/orders/v1/orders/1/lines",
        "/products/v1/products/%ff",
        "/catalogue",
    ],
)
async def test_an_unknown_path_is_not_found(path):
    reply = await front().ask("GET", path, raw=True, token=token())
    assert (reply.status, reply.json["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/orders/v1/orders", "GET, HEAD, POST"),
        ("POST", "/orders/v1/orders/1", "GET, HEAD"),
        ("PATCH", "/subscriptions/v1/subscriptions/1", "DELETE, GET, HEAD"),
        ("DELETE", "/health/live", "GET, HEAD"),
        ("GET", "/oauth2/token", "POST"),
        ("OPTIONS", "/orders/v1/orders", "GET, HEAD, POST"),
        ("PUT", "/prices/v1/quotes", "POST"),
    ],
)
async def test_a_method_that_a_path_has_not_is_told_with_those_it_has(method, path, allow):
    reply = await front().ask(method, path, token=token())
    assert (reply.status, reply.headers["allow"], reply.json["type"]) == (405, allow, "/problems/method-not-allowed")


async def test_head_answers_like_get_without_the_body():
    door = front(getOrder=echo)
    asked = {"token": token(), "headers": {"X-Correlation-Id": "c-1"}}
    get = await door.ask("GET", "/orders/v1/orders/1", **asked)
    head = await door.ask("HEAD", "/orders/v1/orders/1", **asked)
    assert (head.status, head.headers, head.content) == (get.status, get.headers, b"")


async def test_nobody_is_let_in_without_a_token():
    reply = await front().ask("GET", "/orders/v1/orders/1")
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="tillway"'


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Basic d2Vic2hvcDp4", "Bearer", "Bearer a.b.c"])
async def test_a_bad_token_is_challenged(authorization):
    reply = await front().ask("GET", "/orders/v1/orders/1", headers={"Authorization": authorization})
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith('Bearer realm="tillway"')


async def test_an_expired_token_is_no_token():
    old = token(at=clock.now().replace(microsecond=0) - timedelta(hours=1))
    assert (await front().ask("GET", "/orders/v1/orders/1", token=old)).status == 401


async def test_a_scope_that_is_missing_is_named():
    reply = await front().ask("GET", "/orders/v1/orders/1", token=token(scopes=["products:read"]))
    assert reply.status == 403
    assert "orders:read" in reply.json["detail"]
    assert 'scope="orders:read"' in reply.headers["www-authenticate"]


async def test_a_scope_taken_from_the_landscape_counts_at_once():
    door = front()
    asked = {"method": "GET", "path": "/orders/v1/orders/1", "token": token()}
    assert (await door.ask(**asked)).status == 200
    door.active.swap(landscape(webshop={"scopes": ["products:read"]}))
    assert (await door.ask(**asked)).status == 403
    door.active.swap(landscape(webshop=None))
    assert (await door.ask(**asked)).status == 401


async def test_an_operator_reads_operations_and_nothing_else():
    door = front(getHealth=echo)
    operator = token("operator", scopes=["operations:read"], kind="operator")
    assert (await door.ask("GET", "/operations/v1/health", token=operator)).told["consumer"] == "operator"
    assert (await door.ask("GET", "/orders/v1/orders/1", token=operator)).status == 403


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/jsonx", ""])
async def test_another_media_type_is_refused(media):
    reply = await front().ask("POST", "/orders/v1/orders", token=token(), json=ORDER, headers={"Content-Type": media})
    assert (reply.status, reply.json["type"]) == (415, "/problems/unsupported-media-type")


async def test_a_compressed_body_is_refused():
    reply = await front().ask(
        "POST", "/orders/v1/orders", token=token(), json=ORDER, headers={"Content-Encoding": "gzip"}
    )
    assert reply.status == 415


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_by_any_spelling_is_read(media):
    reply = await front(placeOrder=echo).ask(
        "POST", "/orders/v1/orders", token=token(), json=ORDER, headers={"Content-Type": media}
    )
    assert reply.told["body"] == ORDER


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":NaN}', b"\xff\xfe", b'"\\ud800"', b"[" * 100_000, b'{"a":1e999}'])
async def test_what_is_not_json_is_malformed(body):
    reply = await front().ask(
        "POST", "/orders/v1/orders", token=token(), body=body, headers={"Content-Type": "application/json"}
    )
    assert (reply.status, reply.json["type"]) == (400, "/problems/malformed")


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_body_above_the_limit_is_answered_not_cut_off(streamed):
    big = b'"' + b"x" * (1024 * 1024) + b'"'
    sent = {"chunks": [big[:1000], big[1000:], b" "]} if streamed else {"body": big}
    reply = await front().ask("POST", "/orders/v1/orders", token=token(), **sent)
    assert (reply.status, reply.json["type"]) == (413, "/problems/too-large")
    assert "connection" not in reply.headers


async def test_a_body_at_the_limit_is_read():
    padding = b" " * (1024 * 1024 - len(b'{"lines":[{"sku":"A","quantity":"1"}]}'))
    reply = await front().ask(
        "POST", "/orders/v1/orders", token=token(), body=b'{"lines":[{"sku":"A","quantity":"1"}]}' + padding
    )
    assert reply.status == 200


async def test_a_client_that_goes_on_sending_for_ever_is_closed_on(monkeypatch):
    monkeypatch.setattr("tillway.web.incoming.DRAIN_BYTES", 2 * 1024 * 1024)
    chunks = [b"x" * 1024 * 1024] * 5
    reply = await front().ask("POST", "/orders/v1/orders", token=token(), chunks=chunks)
    assert (reply.status, reply.headers["connection"]) == (413, "close")


async def test_a_refusal_before_the_body_drains_it_too():
    reply = await front().ask("POST", "/orders/v1/orders", chunks=[b"x" * 1000] * 3)
    assert (reply.status, "connection" in reply.headers) == (401, False)


async def test_every_violation_of_parameters_and_body_is_told_at_once():
    door = front()
    reply = await door.ask(
        "POST",
        "/orders/v1/orders?colour=red",
        token=token(),
        json={"lines": [{"sku": "A", "quantity": 1}], "reference": ""},
        headers={"X-Deadline-Ms": "soon"},
    )
    assert (reply.status, reply.json["type"]) == (422, "/problems/invalid")
    assert violations(reply) == {
        ("/lines/0/quantity", "type"),
        ("/reference", "minLength"),
        ("/query/colour", "unknown"),
        ("/header/X-Deadline-Ms", "type"),
    }


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=501", {("/query/limit", "maximum")}),
        ("limit=1&limit=2", {("/query/limit", "unique")}),
        ("types=order.placed,Not", {("/query/types/1", "pattern")}),
        ("subject=a%00b", {("/query/subject", "nul")}),
        ("subject=&limit=", {("/query/subject", "minLength"), ("/query/limit", "type")}),
        ("&".join(f"f{n}=1" for n in range(60)), {("/query", "maxItems")}),
    ],
)
async def test_a_wrong_query_is_told_with_its_place(query, wrong):
    reply = await front().ask("GET", f"/events/v1/feed?{query}", token=token())
    assert (reply.status, violations(reply)) == (422, wrong)


async def test_parameters_come_as_their_schemas_have_them():
    reply = await front(readFeed=echo).ask(
        "GET", "/events/v1/feed?after=&types=order.placed,price.changed&limit=7&subject=%C3%BC", token=token()
    )
    assert reply.told["query"] == {"after": "", "types": ["order.placed", "price.changed"], "limit": 7, "subject": "ü"}


async def test_a_character_that_cannot_be_kept_is_refused_with_its_place():
    reply = await front().ask(
        "POST",
        "/orders/v1/orders",
        token=token(),
        body=b'{"lines":[{"sku":"a\\u0000b","quantity":"1"}],"reference":"\\\\u0000"}',
    )
    assert violations(reply) == {("/lines/0/sku", "nul")}


async def test_a_path_with_a_character_that_cannot_be_kept_is_refused():
    reply = await front().ask("GET", "/orders/v1/orders/a%00b", raw=True, token=token())
    assert (reply.status, ("/path/id", "nul") in violations(reply)) == (422, True)


@pytest.mark.parametrize(
    ("asked", "path", "seconds"),
    [
        (None, "/events/v1/feed", 10),
        (None, "/events/v1/feed?wait=15", 25),
        (None, "/events/v1/feed?wait=30", 31),
        ("1500", "/events/v1/feed?wait=30", 1.5),
        ("3600000", "/events/v1/feed", 31),
    ],
)
async def test_the_deadline_is_the_callers_within_bounds(asked, path, seconds):
    headers = {} if asked is None else {"X-Deadline-Ms": asked}
    reply = await front(readFeed=echo).ask("GET", path, token=token(), headers=headers)
    assert reply.told["seconds"] == seconds


async def for_ever(_ask):
    return await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("method", "path", "json", "problem"),
    [
        ("GET", "/orders/v1/orders/1", None, "/problems/unavailable"),
        ("POST", "/orders/v1/orders", ORDER, "/problems/outcome-unknown"),
    ],
)
async def test_past_the_deadline_reads_are_unavailable_and_writes_unknown(method, path, json, problem):
    door = front(getOrder=for_ever, placeOrder=for_ever)
    reply = await door.ask(method, path, token=token(), json=json, headers={"X-Deadline-Ms": "5"})
    assert (reply.status, reply.json["type"], reply.headers["retry-after"]) == (503, problem, "1")


def failing(error):
    async def handler(_ask):
        raise error

    return handler


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (Conflict(), 409),
        (Unavailable(), 503),
        (Invalid(violations=(Violation(pointer="/total", detail="does not add up"),)), 422),
        (TimeoutError("of the handler's own"), 500),
        (RuntimeError("password=hunter2"), 500),
    ],
)
async def test_what_a_handler_raises_becomes_a_problem(error, status, caplog):
    reply = await front(getOrder=failing(error)).ask("GET", "/orders/v1/orders/1", token=token())
    assert reply.status == status
    assert "hunter2" not in reply.content.decode()
    assert bool(caplog.records) == (status == 500)


async def test_an_answer_without_a_body_has_none():
    async def gone(_ask):
        return Answer(204)

    reply = await front(deleteSubscription=gone).ask("DELETE", "/subscriptions/v1/subscriptions/1", token=token())
    assert (reply.status, reply.content, "content-type" in reply.headers, "content-length" in reply.headers) == (
        204,
        b"",
        False,
        False,
    )


@pytest.mark.parametrize(("strict", "status"), [(True, 500), (False, 200)])
async def test_an_answer_against_the_contract_is_caught_where_it_is_asked_for(strict, status, caplog):
    async def hollow(_ask):
        return Answer(200, {})

    reply = await front(getOrder=hollow, check_answers=strict).ask("GET", "/orders/v1/orders/1", token=token())
    assert reply.status == status
    assert bool(caplog.records) == strict


async def test_the_observer_is_told_of_every_answer():
    door = front(getOrder=echo)
    headers = {"X-Correlation-Id": "c-1"}
    await door.ask("GET", "/orders/v1/orders/1", token=token(), headers=headers)
    await door.ask("POST", "/orders/v1/orders", token=token(), json={}, headers=headers)
    await door.ask("GET", "/nowhere", headers=headers)
    await door.ask("GET", "/health/live", headers=headers)
    assert [
        (operation, status, consumer, correlation) for operation, status, _, consumer, correlation in door.observed
    ] == [
        ("getOrder", 200, "webshop", "c-1"),
        ("placeOrder", 422, "webshop", "c-1"),
        ("-", 404, None, "c-1"),
        ("health", 200, None, "c-1"),
    ]
    assert all(0 <= seconds < 1 for _, _, seconds, _, _ in door.observed)


def test_every_scope_of_the_documents_is_read_or_write():
    assert {scope.partition(":")[2] for scope in SCOPES} == {"read", "write"}


@pytest.mark.parametrize(
    "path",
    [
        "/Products/v1/products",
        "/products/V1/products",
        "/%70roducts/v1/products",
        "/products/v1/%70roducts",
        "//products/v1/products",
        "/products/v1//products",
        "/products/v1/products/",
        "/products/v1/./products",
        "/orders/../products/v1/products",
        "/products/v1/products;a=b",
        "/products/v01/products",
    ],
)
async def test_an_operation_has_one_spelling_so_that_no_other_goes_around_its_quota(path):
    assert (await front().ask("GET", path, raw=True, token=token())).status == 404
