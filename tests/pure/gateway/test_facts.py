"""A fact is never refused: only what cannot be read, or whose sender is nobody."""

from __future__ import annotations

import pytest
from tests.pure.gateway.front_door import front, landscape, telling, token

SALES = {"sales": [{"anything": "goes"}]}


def told_of(body):
    """A small body; of a large one its size."""
    return body if len(str(body)) < 1_000 else len(str(body))


async def doubted(ask):
    return telling(
        202,
        {"consumer": ask.grant.consumer, "doubt": ask.doubt, "shops": ask.grant.shops, "body": told_of(ask.body)},
    )


def till(**more):
    return token("till", kind="device", scopes=["pos:write"], **more)


async def test_a_till_in_good_standing_is_not_doubted():
    reply = await front(recordSales=doubted).ask("POST", "/pos/v1/sales", token=till(), json=SALES)
    assert reply.told == {"consumer": "till", "doubt": None, "shops": ["berlin"], "body": SALES}


@pytest.mark.parametrize("change", [None, {"scopes": ["pos:read"]}, {"kind": "machine"}])
async def test_a_sender_whose_right_was_withdrawn_is_doubted_not_refused(change):
    door = front(recordSales=doubted, land=landscape(till=change))
    reply = await door.ask("POST", "/pos/v1/sales", token=till(), json=SALES)
    assert (reply.status, reply.told["consumer"], reply.told["shops"]) == (202, "till", [])
    assert reply.told["doubt"].startswith("the sender till may not send this any more")


async def test_a_token_that_was_never_for_sales_is_refused():
    reply = await front().ask("POST", "/pos/v1/sales", token=token(scopes=["orders:write"]), json=SALES)
    assert reply.status == 403


@pytest.mark.parametrize("bad", [None, "nonsense"])
async def test_an_unidentified_sender_is_refused(bad):
    assert (await front().ask("POST", "/pos/v1/sales", token=bad, json=SALES)).status == 401


@pytest.mark.parametrize("sale", [{}, {"sequence": "x"}, {"lines": 7}, {"note": "a\u0000b"}, {"gross": 1.5}])
async def test_whatever_a_single_sale_holds_reaches_the_handler(sale):
    reply = await front(recordSales=doubted).ask("POST", "/pos/v1/sales", token=till(), json={"sales": [sale]})
    assert reply.told["body"] == {"sales": [sale]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/sales"), ({"sales": []}, "/sales"), ({"sales": [1]}, "/sales/0"), ([], ""), ({"sales": {}}, "/sales")],
)
async def test_a_batch_in_which_no_sales_are_found_is_told_so(body, pointer):
    reply = await front().ask("POST", "/pos/v1/sales", token=till(), json=body)
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, pointer)


async def test_sales_may_weigh_eight_mebibytes():
    padding = b" " * (8 * 1024 * 1024 - 30)
    door = front(recordSales=doubted)
    assert (await door.ask("POST", "/pos/v1/sales", token=till(), body=b'{"sales":[{}]}' + padding)).status == 202
    assert (
        await door.ask("POST", "/pos/v1/sales", token=till(), body=b'{"sales":[{}]}' + padding + b" " * 30)
    ).status == 413
