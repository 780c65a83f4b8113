"""Doors and keys of an Odoo that change while we run, on a far side that answers from a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tillway import clock
from tillway.connectors.odoo import Connection
from tillway.connectors.odoo.classify import KeyRefused, NotThere, decode_rpc
from tillway.connectors.odoo.client import READ, WRITE, Json2
from tillway.connectors.odoo.dialects import Dialect, major_of
from tillway.errors import Forbidden, Invalid, Misconfigured, NotFound, OutcomeUnknown, TryAgain
from tillway.outbound import Client, Reply, Request, reach
from tillway.retail import Call, Criticality

HTML = Reply(status=404, body=b"<!doctype html><title>404 Not Found</title>")
UNAUTHORIZED = Reply(
    status=401, body=b'{"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey", "debug": "..."}'
)


class Scripted(Client):
    """Answers by path; remembers what it was asked."""

    def __init__(self, answer: Callable[[str, Request], Reply]) -> None:
        super().__init__(reach([]))
        self._answer = answer
        self.asked: list[tuple[str, Any]] = []

    async def send(self, request: Request) -> Reply:
        path = request.url.removeprefix("http://odoo")
        self.asked.append((path, msgspec.json.decode(request.body) if request.body else None))
        return self._answer(path, request)


def result(value: Any) -> Reply:
    return Reply(status=200, body=msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "result": value}))


def failure(name: str, message: str) -> bytes:
    error = {"code": 0, "message": "Odoo Server Error", "data": {"name": name, "message": message, "debug": "..."}}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "error": error})


def call() -> Call:
    return Call(
        criticality=Criticality.HIGH,
        deadline=clock.now() + timedelta(seconds=30),
        correlation="c",
        reference="r",
        company="1",
    )


def odoo(client: Client, **more: Any) -> Json2:
    return Json2(Connection(url="http://odoo", database="retail", key="old", **more), client)


def eighteen(path: str, request: Request) -> Reply:
    """An Odoo 18: no JSON-2, no page of its version."""
    if path == "/web/webclient/version_info":
        return result({"server_version": "18.0", "server_version_info": [18, 0, 0, "final", 0, ""]})
    if path != "/jsonrpc":
        return HTML
    if b'"authenticate"' in request.body:
        return result(7)
    return result([{"id": 5, "tax_id": [1]}])


async def test_below_19_it_speaks_json_rpc_in_older_words() -> None:
    far = Scripted(eighteen)
    speaks = odoo(far, login="hub")
    for _ in range(2):
        rows = await speaks.search_read(call(), "sale.order.line", [["tax_ids", "in", [1]]], ["tax_ids"])
        assert rows == [{"id": 5, "tax_ids": [1]}]
    paths = [path for path, _ in far.asked]
    assert paths == [
        "/json/2/sale.order.line/search_read",
        "/web/version",
        "/web/webclient/version_info",
        "/jsonrpc",
        "/jsonrpc",
        "/jsonrpc",
    ]
    database, user, key, model, method, args, named = far.asked[-1][1]["params"]["args"]
    assert (database, user, key, model, method, args) == ("retail", 7, "old", "sale.order.line", "search_read", [])
    assert (named["fields"], named["domain"]) == (["tax_id"], [["tax_id", "in", [1]]])


async def test_json_rpc_needs_to_know_whose_key_it_is() -> None:
    with pytest.raises(Misconfigured, match="login"):
        await odoo(Scripted(eighteen)).call(call(), READ, "res.partner", "search_count", domain=[])


async def test_json_rpc_gives_ids_first_and_creates_lists() -> None:
    far = Scripted(eighteen)
    speaks = odoo(far, login="hub", protocol="jsonrpc")
    await speaks.call(call(), WRITE, "res.partner", "create", vals_list={"name": "Ana"})
    await speaks.call(call(), WRITE, "res.partner", "write", ids=[3], vals={"name": "Ana"})
    made, wrote = (each["params"]["args"] for _, each in far.asked[1:])
    assert made[4:6] == ["create", [[{"name": "Ana"}]]]
    assert wrote[4:6] == ["write", [[3]]]
    assert wrote[6]["vals"] == {"name": "Ana"}


async def test_a_19_that_lacks_the_database_stays_a_19() -> None:
    def nineteen(path: str, _: Request) -> Reply:
        return Reply(status=200, body=b'{"version": "19.0"}') if path == "/web/version" else HTML

    with pytest.raises(NotThere):
        await odoo(Scripted(nineteen), login="hub").call(call(), READ, "res.partner", "search_count", domain=[])


async def test_a_refused_key_is_laid_aside_for_the_next_one() -> None:
    def rotated(_: str, request: Request) -> Reply:
        return Reply(status=200, body=b"3") if request.headers["Authorization"] == "bearer new" else UNAUTHORIZED

    far = Scripted(rotated)
    speaks = odoo(far, next_key="new")
    for _ in range(3):
        assert await speaks.call(call(), WRITE, "res.partner", "write", ids=[1], vals={}) == 3
    assert len(far.asked) == 4


async def test_when_both_keys_are_refused_it_is_told() -> None:
    far = Scripted(lambda *_: UNAUTHORIZED)
    with pytest.raises(KeyRefused):
        await odoo(far, next_key="new").call(call(), READ, "res.partner", "search_count", domain=[])


@pytest.mark.parametrize(
    ("name", "message", "kind"),
    [
        ("odoo.exceptions.AccessDenied", "Access Denied", KeyRefused),
        ("odoo.exceptions.AccessError", "no", Forbidden),
        ("odoo.exceptions.MissingError", "gone", NotFound),
        ("odoo.exceptions.UserError", "no", Invalid),
        ("odoo.exceptions.UserError", "Object nope.model doesn't exist", NotThere),
        ("builtins.AttributeError", "The method 'res.partner.nope' does not exist", NotThere),
        ("psycopg2.errors.SerializationFailure", "x", TryAgain),
        ("psycopg2.OperationalError", "x", OutcomeUnknown),
    ],
)
def test_json_rpc_answers_200_and_means_something_else(name: str, message: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        decode_rpc(200, failure(name, message), asked="a/b", changes=True)


def test_a_missing_result_is_null_and_no_json_is_unsettled() -> None:
    assert decode_rpc(200, b'{"jsonrpc": "2.0", "id": 1}', asked="a/b", changes=True) is None
    with pytest.raises(OutcomeUnknown):
        decode_rpc(200, b"<html>", asked="a/b", changes=True)


def test_17_calls_the_warehouse_of_a_context_otherwise() -> None:
    body = {"context": {"warehouse_id": 3, "lang": "en_US"}}
    assert Dialect(17).body("product.product", body)["context"] == {"warehouse": 3, "lang": "en_US"}
    assert Dialect(18).body("product.product", body) == body


@pytest.mark.parametrize(("told", "major"), [("19.0", 19), ("saas~18.3", 18), ("20.0+e", 20), ("", None), ("x", None)])
def test_the_version_in_its_spellings(told: str, major: int | None) -> None:
    assert major_of(told) == major
