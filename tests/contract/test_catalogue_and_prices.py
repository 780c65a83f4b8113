"""Products, prices and quotes as a consumer finds them."""

from __future__ import annotations

import pytest

from tillway.journal import Event, appending

QUOTES = "/prices/v1/quotes"
TEE = "/products/v1/products/TEE-CREW-S"


def wrong(reply):
    return reply.status, {(each["pointer"], each["rule"]) for each in reply.json["violations"]}


async def test_a_product_is_found_by_its_sku_whatever_is_in_it(hub):
    assert (await hub.get("/products/v1/products/A%2FB%20%C3%BC", raw=True)).json["name"] == "A name to trip over"
    assert (await hub.get("/products/v1/products/NO-SUCH")).status == 404


async def test_a_product_is_answered_with_all_that_is_known_of_it(hub):
    for found in ((await hub.get("/products/v1/products")).json["products"], [(await hub.get(TEE)).json]):
        tee = next(product for product in found if product["sku"] == "TEE-CREW-S")
        assert (tee["attributes"], [tax["rate"] for tax in tee["taxes"]]) == ({"Number": tee["variant"]}, ["20"])


async def test_what_is_not_sold_any_more_is_readable_and_not_listed(hub):
    assert (await hub.get("/products/v1/products/OLD-1")).json["active"] is False
    assert "OLD-1" not in [product["sku"] for product in (await hub.get("/products/v1/products")).json["products"]]


async def test_products_come_page_by_page_in_the_order_of_their_skus(hub):
    found, path = [], "/products/v1/products?limit=1"
    for _ in range(5):
        page = (await hub.get(path)).json
        found += [product["sku"] for product in page["products"]]
        if page["next"] is None:
            break
        path = f"/products/v1/products?limit=1&after={page['next']}"
    assert found == ["A/B ü", "MUG-STON", "TEE-CREW-S"]


@pytest.mark.parametrize("cursor", ["x", "%3D%3D%3D", "AAAA", "ü"])
async def test_a_cursor_of_somebody_elses_is_refused(hub, cursor):
    assert wrong(await hub.get(f"/products/v1/products?after={cursor}")) == (422, {("/query/after", "cursor")})


async def test_a_product_is_found_by_its_gtin(hub):
    found = (await hub.get("/products/v1/products?gtin=5901234000017")).json
    assert ([product["sku"] for product in found["products"]], found["next"]) == (["TEE-CREW-S"], None)
    assert (await hub.get("/products/v1/products?gtin=5901234000024")).json["products"] == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("crew", ["TEE-CREW-S"]),
        ("CREW%20tee", ["TEE-CREW-S"]),
        ("name%20trip", ["A/B ü"]),
        ("old", []),
        ("mug'", ["MUG-STON"]),
    ],
)
async def test_products_are_found_by_words_of_their_name_or_code(hub, words, found):
    page = (await hub.get(f"/products/v1/products?q={words}")).json
    assert ([product["sku"] for product in page["products"]], page["next"]) == (found, None)


async def test_a_search_needs_a_word(hub):
    assert wrong(await hub.get("/products/v1/products?q=%27%20-")) == (422, {("/query/q", "words")})


async def test_what_changed_since_is_told_as_it_is_now_and_once(hub):
    here = (await hub.get("/products/v1/changes")).json
    assert here["products"] == []
    changed = [
        Event(type=kind, subject="MUG-STON", data={}, correlation="changes")
        for kind in ("product.changed", "product.changed")
    ]
    async with hub.db.transaction() as tx:
        tx.stage(appending(changed))
    await hub.settled(hub.tail.head + 2)
    since = (await hub.get(f"/products/v1/changes?after={here['next']}")).json
    assert [product["sku"] for product in since["products"]] == ["MUG-STON"]
    assert (await hub.get(f"/products/v1/changes?after={since['next']}")).json["products"] == []


async def test_stores_come_page_by_page(hub):
    first = (await hub.get("/stores/v1/stores?limit=1")).json
    rest = (await hub.get(f"/stores/v1/stores?after={first['next']}")).json
    assert [[store["id"] for store in page["stores"]] for page in (first, rest)] == [["harbour"], ["station"]]
    assert (rest["next"], first["stores"][0]) == (None, (await hub.get("/stores/v1/stores/harbour")).json)
    assert (await hub.get("/stores/v1/stores?region=north")).json["stores"] == []


async def test_taxes_are_those_of_the_erp(hub):
    assert [tax["rate"] for tax in (await hub.get("/taxes/v1/taxes")).json["taxes"]] == ["20"]


async def test_amounts_are_taken_apart_to_the_cent(hub):
    inside, on_top = {"rate": "20", "included": True}, {"rate": "20.0", "included": False}
    lines = [
        {"amount": "120", "taxes": [inside]},
        {"amount": "0.12", "taxes": [on_top]},
        {"amount": "0.12", "sku": "TEE-CREW-S"},
        {"amount": "5"},
    ]
    asked = {"currency": "EUR", "lines": lines, "rounding": "line"}
    told = (await hub.post("/taxes/v1/calculations", asked)).json
    assert [line["tax"] for line in told["lines"]] == ["20.00", "0.02", "0.02", "0.00"]
    assert (told["net"], told["tax"], told["gross"]) == ("105.24", "20.04", "125.28")


async def test_taxes_that_cannot_be_reckoned_are_named(hub):
    lines = [{"amount": "1", "sku": "NO-SUCH"}, {"amount": "1", "sku": "TEE-CREW-S", "taxes": []}]
    reply = await hub.post("/taxes/v1/calculations", {"currency": "EUR", "lines": lines})
    assert wrong(reply) == (422, {("/lines/0/sku", "sku-known"), ("/lines/1/taxes", "taxes-or-sku")})
    reply = await hub.post("/taxes/v1/calculations", {"currency": "XXQ", "lines": [{"amount": "1"}]})
    assert wrong(reply) == (422, {("/currency", "currency")})


@pytest.mark.parametrize(
    ("query", "amount", "source"),
    [("", "9.90", "list"), ("?quantity=4", "8.50", "rule"), ("?quantity=4&price_list=list", "9.90", "list")],
)
async def test_a_price_follows_list_and_quantity(hub, query, amount, source):
    price = (await hub.get(f"/prices/v1/prices/MUG-STON{query}")).json
    assert (price["amount"], price["source"]) == (amount, source)


async def test_a_price_of_nothing_or_by_an_unknown_list_is_refused(hub):
    path = "/prices/v1/prices/MUG-STON"
    assert wrong(await hub.get(f"{path}?quantity=0")) == (422, {("/query/quantity", "quantity-positive")})
    assert wrong(await hub.get(f"{path}?price_list=moon")) == (422, {("/query/price_list", "price-list")})
    assert (await hub.get("/prices/v1/prices/NO-SUCH")).status == 404


async def test_a_declared_list_that_was_not_read_yet_gives_no_price(hub):
    reply = await hub.get("/prices/v1/prices/MUG-STON?price_list=unread")
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


async def test_a_quote_adds_up(hub):
    lines = [{"sku": "MUG-STON", "quantity": "4"}, {"sku": "TEE-CREW-S", "quantity": "1"}]
    quote = (await hub.post(QUOTES, {"lines": lines})).json
    assert (quote["price_list"], quote["net"], quote["tax"], quote["gross"]) == (
        "store-prices",
        "53.95",
        "10.79",
        "64.74",
    )
    assert [line["price"]["amount"] for line in quote["lines"]] == ["8.50", "19.95"]


async def test_a_quote_may_be_of_another_moment_and_list(hub):
    body = {"lines": [{"sku": "MUG-STON", "quantity": "4"}], "price_list": "list", "at": "2027-01-01T00:00:00+01:00"}
    quote = (await hub.post(QUOTES, body)).json
    assert (quote["price_list"], quote["at"], quote["net"]) == ("list", "2027-01-01T00:00:00+01:00", "39.60")


async def test_every_line_that_cannot_be_quoted_is_told(hub):
    lines = [
        {"sku": "NO-SUCH", "quantity": "1"},
        {"sku": "MUG-STON", "quantity": "0.0"},
        {"sku": "MUG-STON", "quantity": "1"},
    ]
    assert wrong(await hub.post(QUOTES, {"lines": lines})) == (
        422,
        {("/lines/0/sku", "sku-known"), ("/lines/1/quantity", "quantity-positive")},
    )
