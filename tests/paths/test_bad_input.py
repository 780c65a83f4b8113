"""Bad input gets a precise problem, loses nothing and leaves no trace in the ERP."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.paths.test_story import excluded_product, sale_of
from tests.running_demo import Demo

ORDERS = "/orders/v1/orders"


async def counts(demo: Demo) -> tuple[int, int]:
    return (
        await demo.odoo("sale.order", "search_count", domain=[]),
        await demo.odoo("pos.order", "search_count", domain=[]),
    )


def pointers(problem: dict) -> list[str]:
    return [each["pointer"] for each in problem["violations"]]


async def test_requests_that_cannot_be_understood(demo: Demo) -> None:
    """Malformed JSON 400, wrong media type 415, wrong types and unknown fields 422 with their pointers."""
    malformed = await demo.ask("POST", ORDERS, raw=b'{"lines": [')
    assert (malformed.status, malformed.body["type"]) == (400, "/problems/malformed")
    media = await demo.ask("POST", ORDERS, raw=b"a=b", headers={"Content-Type": "text/plain"})
    assert media.status == 415
    wrong = await demo.ask("POST", ORDERS, body={"lines": [{"sku": "X", "quantity": 2}], "colour": "red"})
    assert wrong.status == 422
    assert sorted(pointers(wrong.body)) == ["/colour", "/lines/0/quantity"]
    assert malformed.headers["Content-Type"].startswith("application/problem+json")
    assert "Traceback" not in json.dumps([malformed.body, wrong.body])


async def test_requests_that_make_no_sense(demo: Demo) -> None:
    """An unknown SKU, a quantity of nothing and totals that do not add up are refused; Odoo never hears of them."""
    before = await counts(demo)
    product = await excluded_product(demo)
    unknown = await demo.ask("POST", ORDERS, body={"lines": [{"sku": "NO-SUCH", "quantity": "1"}]})
    assert (unknown.status, pointers(unknown.body)) == (422, ["/lines/0/sku"])
    nothing = await demo.ask("POST", ORDERS, body={"lines": [{"sku": product["sku"], "quantity": "0"}]})
    assert (nothing.status, pointers(nothing.body)) == (422, ["/lines/0/quantity"])
    total = await demo.ask("POST", ORDERS, body={"lines": [{"sku": product["sku"], "quantity": "1"}], "total": "0.01"})
    assert (total.status, pointers(total.body)) == (422, ["/total"])
    assert await counts(demo) == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda sale: sale.update(gross="999.00"), "/gross"),
        (lambda sale: sale["lines"][0].update(gtin="5901234001442"), "/lines/0/gtin"),
        (lambda sale: sale["lines"][0].update(quantity="two"), "/lines/0/quantity"),
    ],
    ids=["total", "gtin", "type"],
)
async def test_a_printed_sale_that_is_wrong_is_kept_and_quarantined(demo: Demo, change, pointer: str) -> None:
    """A fact is never refused: 202, an owner, and nothing in Odoo."""
    before = await counts(demo)
    sale = sale_of(
        await excluded_product(demo),
        "harbour-till",
        abs(hash(pointer)) % 10**6 + 1,
        epoch=f"bad{pointer}"[:20].replace("/", "-"),
    )
    change(sale)
    answer = await demo.ask("POST", "/pos/v1/sales", body={"sales": [sale]})
    assert answer.status == 202
    (told,) = answer.body["sales"]
    assert told["status"] == "quarantined"
    assert pointer in [each["pointer"] for each in told["violations"]]
    kept = await demo.ask("GET", f"/pos/v1/sales/{told['id']}")
    assert (kept.status, kept.body["status"]) == (200, "quarantined")
    assert kept.body["owner"]
    event = await demo.event(told["id"], "sale.quarantined")
    assert event["data"]["owner"] == kept.body["owner"]
    assert await counts(demo) == before


async def test_fifty_megabytes_are_answered_not_cut_off(demo: Demo) -> None:
    """413 as a problem, whatever the size."""
    answer = await demo.ask("POST", ORDERS, raw=b'{"x":"' + b"y" * 50_000_000 + b'"}')
    assert (answer.status, answer.body["type"]) == (413, "/problems/too-large")


async def test_tokens_that_are_not_ours_or_not_of_now(demo: Demo) -> None:
    """None, tampered, foreign: 401 with WWW-Authenticate; a scope that is not granted: 403 naming it."""
    body = {"lines": [{"sku": "X", "quantity": "1"}]}
    good = await demo.token()
    head, payload, signature = good.split(".")
    tampered = f"{head}.{payload[:-2]}AA.{signature}"
    foreign = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.AAAA"
    for token in (tampered, foreign, "nonsense", good + "x"):
        answer = await demo.ask("POST", ORDERS, body=body, token=token)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    narrow = await demo.token("integrator", "orders:read")
    refused = await demo.ask("POST", ORDERS, body=body, token=narrow)
    assert refused.status == 403
    assert "orders:write" in json.dumps(refused.body)


async def test_no_secret_and_no_foreign_stack_reaches_an_answer_or_a_log(demo: Demo) -> None:
    """Planted words are looked for in every log of the demo."""
    card = "4111111111111111"
    sale = sale_of(await excluded_product(demo), "harbour-till", 77, epoch="canary")
    sale["tenders"][0]["reference"] = card
    answer = await demo.ask("POST", "/pos/v1/sales", body={"sales": [sale]})
    assert answer.status in (201, 202)
    kept = await demo.ask("GET", f"/pos/v1/sales/{sale['id']}")
    words = (demo.state.parent / "state.log").read_text() + json.dumps(kept.body)
    postgres = (demo.state / "logs" / "postgres.log").read_text()
    for secret in (card, demo.secret("integrator"), demo.told["odoo"]["key"], await demo.token()):
        assert secret not in words
        assert secret not in postgres
    assert Decimal(kept.body["sale"]["gross"]) == Decimal(sale["gross"])
