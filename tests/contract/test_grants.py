"""Every operation applies its Grant: whoever is limited to one shop sees nothing of another.

The table has a row for each operation of each document; an operation without a row fails.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
from tests.contract.small_hub import CONTENT, SCOPES, landscape, texts
from tests.contract.test_sales import SALES, identity, sale
from tests.pure.gateway.front_door import token

from tillway.contracts import Cuts, Tally, load
from tillway.landscape import build
from tillway.records import Cause
from tillway.records.keeping_documents import take_shipments
from tillway.records.seen import Given
from tillway.records.there import our_id
from tillway.retail import OrderNamed, Shipment, ShipmentThere
from tillway.retail.outside.documents import NO_SHOP

DOCUMENTS = load()
OPERATIONS = {operation.id: (document, operation) for document, operation in DOCUMENTS.operations()}
OPEN = frozenset({"public", "internal", "confidential"})

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

# May touch the station alone, has every scope, and may receive every event.
NARROW = {"shop": "station", "event_types": "*"}
LINES = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]}
HARBOUR = "harbour"
PAID = {"provider": "larkpay", "reference": "psp-1", "amount": "1.00", "currency": "EUR"}
BACK = {"lines": [{"line": 1, "quantity": "1"}]}
ABROAD = {
    "connections": CONTENT["connections"] | {"other": CONTENT["connections"]["main"] | {"database": "abroad"}},
    "shops": CONTENT["shops"]
    | {
        "abroad": {
            "name": "Abroad",
            "connection": "other",
            "company": 1,
            "warehouse": 1,
            "price_list": "abroad-list",
            "tender_methods": {"cash": 1},
        }
    },
    "price_lists": CONTENT["price_lists"] | {"abroad-list": {"connection": "other", "odoo": "list", "name": "List"}},
}
ONE = {"sku": "TEE-CREW-S", "quantity": "1"}
COUNTED = {"sku": "MUG-STON", "counted": "12"}
SENT = {"destination": "station", "lines": [ONE]}


def bearer(consumer):
    return token(consumer, scopes=SCOPES)


@pytest.fixture
async def other(hub):
    """What there is of another shop: an order, a sale, one in quarantine, a subscription of another consumer."""
    hub.active.swap(landscape(narrow=NARROW, reader={"shops": "*", "event_types": "*"}))
    hook = {"types": ["order.placed"], "delivery": {"kind": "webhook", "url": "http://127.0.0.1:9000/hook"}}
    before = hub.tail.head
    good, bad = sale(), sale(gross="99.99")
    made = {
        "order": (await hub.post("/orders/v1/orders", {**LINES, "shop": HARBOUR})).json["id"],
        "subscription": (await hub.post("/subscriptions/v1/subscriptions", hook)).json["id"],
        "sale": identity(good),
        "quarantined": identity(bad),
        "promise": (await hub.post("/stock/v1/promises", {**ONE, "location": HARBOUR})).json["id"],
        "adjustment": (await hub.post("/stock/v1/adjustments", {**COUNTED, "location": HARBOUR})).json["id"],
        "transfer": (await hub.post("/stock/v1/transfers", {**SENT, "origin": HARBOUR})).json["id"],
    }
    made["shipment"] = await shipped(hub, made["order"])
    await hub.post(SALES, {"sales": [good, bad]})
    await hub.settled(before + 6)
    back = await hub.post(f"/returns/v1/sold/{made['sale']}/returns", BACK)
    made["return"] = back.json["id"]
    paid = await hub.post(f"/payments/v1/orders/{made['order']}/payments", PAID | {"reference": str(uuid4())})
    made["payment"] = paid.json["payment"]["id"]
    changed = await hub.post(f"/orders/v1/orders/{made['order']}/cancellations", {})
    made["change"] = changed.json["id"]
    return made


async def shipped(hub, order):
    """A delivery of this order, as a reading of the back office finds it; the first one tells nothing."""
    found = Shipment(id="7", name="WH/OUT/00007", milestone="ready", shop=NO_SHOP, lines=())
    named = OrderNamed(foreign_id="26", ours=order)
    given = Given(connection="main", began=NOON, first=True, cause=Cause(correlation="test"))
    async with hub.db.transaction() as tx:
        await take_shipments(tx, given, [ShipmentThere(order=named, made_at=NOON, shipment=found)])
    return our_id("shipment", "main", "7")


async def feed(hub, _):
    seen = await events(hub, "narrow")
    shops = {event["data"].get("shop", "station") for event in seen}
    assert shops <= {"station"}
    assert HARBOUR in {event["data"].get("shop") for event in await events(hub, "integrator")}


async def events(hub, by):
    page = (await hub.get("/events/v1/feed?limit=500", by=by)).json
    found = page["events"]
    while page["events"]:
        page = (await hub.get(f"/events/v1/feed?limit=500&after={page['next']}", by=by)).json
        found += page["events"]
    return found


async def refused_placing(hub, _):
    reply = await hub.post("/orders/v1/orders", {**LINES, "shop": HARBOUR}, by="narrow")
    assert reply.status == 403
    assert (await hub.post("/orders/v1/orders", LINES, by="narrow")).json["shop"] == "station"


async def quarantined_recording(hub, _):
    reply = await hub.post(SALES, {"sales": [sale()]}, by="narrow")
    (result,) = reply.json["sales"]
    assert (result["status"], result["violations"][0]["rule"]) == ("quarantined", "grant")


def not_found(path):
    async def row(hub, other):
        assert (await hub.get(path.format(**other))).status == 200
        assert (await hub.get(path.format(**other), by="narrow")).status == 404

    return row


async def not_deleted(hub, other):
    path = f"/subscriptions/v1/subscriptions/{other['subscription']}"
    assert (await hub.ask("DELETE", path, token=bearer("narrow"))).status == 404
    assert (await hub.get(path)).status == 200


def not_written(path, body):
    """What another shop has is not there for whoever would change it either."""

    async def row(hub, other):
        reply = await hub.post(path.format(**other), body, by="narrow")
        assert (reply.status, HARBOUR in reply.content.decode()) == (404, False)

    return row


async def own_orders(hub, other):
    """A consumer lists what it placed itself, wherever that was."""
    mine = (await hub.get("/orders/v1/orders")).json["orders"]
    assert other["order"] in {order["id"] for order in mine}
    assert (await hub.get("/orders/v1/orders", by="narrow")).json == {"orders": [], "next": None}


def of_no_shop(path, json=None):
    """Prices, products and what is asked for oneself belong to no shop: everybody is answered the same."""

    async def row(hub, _):
        method = "GET" if json is None else "POST"
        replies = [await hub.ask(method, path, token=bearer(by), json=json) for by in ("narrow", "integrator")]
        assert [reply.status for reply in replies] == [200, 200]
        assert HARBOUR not in replies[0].content.decode()

    return row


async def shipments_listed(hub, other):
    everybodys = (await hub.get("/shipments/v1/shipments")).json["shipments"]
    assert [each["id"] for each in everybodys] == [other["shipment"]]
    page = await hub.get(f"/shipments/v1/shipments?order={other['order']}", by="narrow")
    assert (page.status, page.json["shipments"], page.json["next"]) == (200, [], None)
    assert (await hub.get("/shipments/v1/shipments?shop=harbour", by="narrow")).status == 403


async def subscribed(hub, _):
    """What is delivered is chosen as in the feed: tests of subscriptions show it; here the types are the consumer's."""
    hook = {"types": ["order.placed"], "delivery": {"kind": "webhook", "url": "http://127.0.0.1:9000/hook"}}
    made = await hub.post("/subscriptions/v1/subscriptions", hook, by="narrow")
    assert (made.status, HARBOUR in made.content.decode()) == (201, False)


CODES = {
    "getBalance": ("/loyalty/v1/balances", {"code": "CLUB-1001"}),
    "earnPoints": ("/loyalty/v1/earnings", {"code": "CLUB-1001", "points": "5"}),
    "redeemPoints": ("/loyalty/v1/redemptions", {"code": "CLUB-1001", "points": "1"}),
    "getGiftCardBalance": ("/loyalty/v1/gift-cards/balances", {"code": "GIFT-1001"}),
    "redeemGiftCard": ("/loyalty/v1/gift-cards/redemptions", {"code": "GIFT-1001", "amount": "1"}),
    "validateCoupon": ("/loyalty/v1/coupons/validations", {"code": "COUPON-1001"}),
    "useCoupon": ("/loyalty/v1/coupons/uses", {"code": "COUPON-1001", "reference": "first-receipt"}),
}


def for_ones_own_shop(operation):
    """A card belongs to the back office behind the shop that asks; nobody asks for a shop that is not theirs."""

    async def row(hub, _):
        path, body = CODES[operation]
        assert (await hub.post(path, {**body, "shop": HARBOUR}, by="narrow")).status == 403
        assert (await hub.post(path, body, by="narrow")).status in {200, 201}

    return row


def of_another_back_office(path, json=None):
    """What another back office holds is not known to who has no shop there."""

    async def row(hub, _):
        made = await hub.post(*CODES["earnPoints"])
        wanted = path.format(movement=made.json["movement"]["id"], card=made.json["movement"]["card"])
        hub.active.swap(
            build(
                texts(
                    more=ABROAD,
                    elsewhere={"shops": ["abroad"], "shop": "abroad", "price_list": "abroad-list", "event_types": "*"},
                )
            )
        )
        try:
            replies = [
                await hub.ask("GET" if json is None else "POST", wanted, token=bearer(by), json=json)
                for by in ("elsewhere", "integrator")
            ]
        finally:
            hub.active.swap(landscape(narrow=NARROW, reader={"shops": "*", "event_types": "*"}))
        assert [reply.status for reply in replies] in ([404, 200], [404, 201])

    return row


async def promoted(hub, _):
    assert (await hub.get(f"/promotions/v1/promotions?shop={HARBOUR}", by="narrow")).status == 403
    reply = await hub.get("/promotions/v1/promotions", by="narrow")
    assert [each["id"] for each in reply.json["promotions"]] == ["main-1", "main-2", "main-3"]


def whole_hub(operation):
    """Operations show and change what belongs to all shops: who may touch a part of them is not let in."""

    async def row(hub, _):
        path = OPERATIONS[operation][1].path
        for name in ("id", "key", "name", "consumer", "follower", "token", "api", "connection"):
            path = path.replace(f"{{{name}}}", "x")
        path = path.replace("{position}", "1").replace("{version}", "v1").replace("{number}", "1")
        reply = await hub.ask(OPERATIONS[operation][1].method, path, token=bearer("narrow"))
        assert (reply.status, "whole hub" in reply.json["detail"]) == (403, True)

    return row


async def without_a_token(hub, _):
    """The code of an enrolment says which shop; nothing of any is answered without one."""
    reply = await hub.ask("POST", OPERATIONS["enrolDevice"][1].path, json={})
    assert (reply.status, HARBOUR in reply.content.decode()) == (422, False)


CONSENT = {"purpose": "profiling", "source": "test"}


async def customers_of_no_shop(hub, _):
    """A customer is of a back office: who has a shop on it may know them, who has none may not even make one."""
    hub.active.swap(landscape(narrow=NARROW, nowhere={"shops": [], "event_types": "*"}))
    body = {"name": "Ada", "emails": ["grants@example.com"]}
    made = await hub.post("/customers/v1/customers", body, by="narrow")
    assert (made.status, made.json["name"], "emails" in made.json) == (
        201,
        None,
        False,
    )  # it may not read what is personal
    assert (await hub.post("/customers/v1/customers", body, by="nowhere")).status == 403


def stranger(method, end, json=None):
    """Customers of a back office that none of the asker's shops stands on are none."""

    async def row(hub, _):
        hub.active.swap(landscape(narrow=NARROW, nowhere={"shops": [], "event_types": "*"}))
        made = await hub.post("/customers/v1/customers", {"name": "Ada", "emails": ["grants@example.com"]})
        path = f"/customers/v1/customers/{made.json['id']}{end}"
        replies = [await hub.ask(method, path, token=bearer(by), json=json) for by in ("nowhere", "narrow")]
        assert replies[0].status == 404
        assert replies[1].status in ((404,) if end == "/merges" else (200,))
        assert "example.com" not in replies[1].content.decode()

    return row


async def availability_of_no_other(hub, _):
    path = "/stock/v1/availability?sku=TEE-CREW-S"
    assert (await hub.get(f"{path}&location={HARBOUR}")).status == 200
    assert (await hub.get(f"{path}&location={HARBOUR}", by="narrow")).status == 404
    assert (await hub.get(path, by="narrow")).json["location"] == "station"


async def availability_listed_of_no_other(hub, _):
    path, asked = "/stock/v1/availabilities", {"skus": ["TEE-CREW-S"]}
    shown = [(await hub.post(path, asked, by=by)).json["availability"] for by in ("narrow", "integrator")]
    assert [{entry["location"] for entry in each} for each in shown] == [{"station"}, {"station", HARBOUR}]
    assert (await hub.post(path, {**asked, "locations": [HARBOUR]}, by="narrow")).status == 404


def told_at_no_other(path, body, field="location"):
    async def row(hub, _):
        assert (await hub.post(path, {**body, field: HARBOUR}, by="narrow")).status == 404
        assert (await hub.post(path, body, by="narrow")).json[field] == "station"

    return row


async def not_released(hub, other):
    path = f"/stock/v1/promises/{other['promise']}"
    assert (await hub.ask("DELETE", path, token=bearer("narrow"))).status == 404
    assert (await hub.get(path)).json["state"] == "open"


async def transfer_of_others(hub, other):
    """It is seen where it comes from and where it goes."""
    path = f"/stock/v1/transfers/{other['transfer']}"
    assert (await hub.get(path, by="narrow")).status == 200
    hub.active.swap(landscape(narrow={"shops": [], "event_types": "*"}))
    assert (await hub.get(path, by="narrow")).status == 404


ROWS = {
    "adjustStock": told_at_no_other("/stock/v1/adjustments", COUNTED),
    "getAdjustment": not_found("/stock/v1/adjustments/{adjustment}"),
    "getAvailability": availability_of_no_other,
    "getPromise": not_found("/stock/v1/promises/{promise}"),
    "getTransfer": transfer_of_others,
    "listAvailability": availability_listed_of_no_other,
    "noticeTransfer": told_at_no_other("/stock/v1/transfers", {**SENT, "destination": HARBOUR}, "origin"),
    "promiseStock": told_at_no_other("/stock/v1/promises", ONE),
    "releasePromise": not_released,
    "amendOrder": not_written("/orders/v1/orders/{order}/amendments", LINES),
    "authoriseReturn": not_written("/returns/v1/sold/{sale}/returns", BACK),
    "cancelOrder": not_written("/orders/v1/orders/{order}/cancellations", {}),
    "creditReturn": not_written("/returns/v1/returns/{return}/credit", {}),
    "getOrderChange": not_found("/orders/v1/orders/{order}/changes/{change}"),
    "getPayment": not_found("/payments/v1/payments/{payment}"),
    "getReturn": not_found("/returns/v1/returns/{return}"),
    "invoiceOrder": not_written("/orders/v1/orders/{order}/invoices", {}),
    "listOrders": own_orders,
    "listPayments": not_found("/payments/v1/orders/{order}/payments"),
    "receiveReturn": not_written("/returns/v1/returns/{return}/receipt", BACK),
    "recordPayment": not_written("/payments/v1/orders/{order}/payments", PAID),
    "createCustomer": customers_of_no_shop,
    "earnPoints": for_ones_own_shop("earnPoints"),
    "getBalance": for_ones_own_shop("getBalance"),
    "getGiftCardBalance": for_ones_own_shop("getGiftCardBalance"),
    "getMovement": of_another_back_office("/loyalty/v1/movements/{movement}"),
    "getPromotion": of_another_back_office("/promotions/v1/promotions/main-1"),
    "listMovements": of_another_back_office("/loyalty/v1/cards/{card}/movements"),
    "listPromotions": promoted,
    "redeemGiftCard": for_ones_own_shop("redeemGiftCard"),
    "redeemPoints": for_ones_own_shop("redeemPoints"),
    "reverseMovement": of_another_back_office("/loyalty/v1/movements/{movement}/reversals", {"reason": "voided"}),
    "useCoupon": for_ones_own_shop("useCoupon"),
    "validateCoupon": for_ones_own_shop("validateCoupon"),
    "createSubscription": subscribed,
    "deleteSubscription": not_deleted,
    "enrolDevice": without_a_token,
    "findCustomers": of_no_shop("/customers/v1/searches", {"email": "nobody@example.com"}),
    "getCustomer": stranger("GET", ""),
    "getOrder": not_found("/orders/v1/orders/{order}"),
    "getPrice": of_no_shop("/prices/v1/prices/TEE-CREW-S?price_list=store-prices"),
    "getProduct": of_no_shop("/products/v1/products/TEE-CREW-S"),
    "getSale": not_found("/pos/v1/sales/{sale}"),
    "getShipment": not_found("/shipments/v1/shipments/{shipment}"),
    "listShipments": shipments_listed,
    "getSubscription": not_found("/subscriptions/v1/subscriptions/{subscription}"),
    "listProductChanges": of_no_shop("/products/v1/changes"),
    "listStores": of_no_shop("/stores/v1/stores"),
    "getStore": not_found("/stores/v1/stores/harbour"),
    "listTaxes": of_no_shop("/taxes/v1/taxes"),
    "calculateTaxes": of_no_shop("/taxes/v1/calculations", {"currency": "EUR", "lines": [{"amount": "1"}]}),
    "listProducts": of_no_shop("/products/v1/products"),
    "mergeCustomers": stranger("POST", "/merges", {"customers": ["x"]}),
    "placeOrder": refused_placing,
    "quotePrices": of_no_shop(
        "/prices/v1/quotes", {**LINES, "price_list": "store-prices", "at": "2026-11-23T10:00:00Z"}
    ),
    "readFeed": feed,
    "recordConsent": stranger("POST", "/consents", CONSENT),
    "recordSales": quarantined_recording,
    "updateCustomer": stranger("PATCH", "", {"name": "Eve"}),
    "withdrawConsent": stranger("POST", "/withdrawals", CONSENT),
    **{
        name: whole_hub(name)
        for name in (
            "actOnException",
            "rollbackRelease",
            "reviewChange",
            "rejectChange",
            "publishChange",
            "proposeChange",
            "listReleases",
            "listNodes",
            "listDrift",
            "listPermits",
            "listChanges",
            "getRelease",
            "getChange",
            "approveChange",
            "closeSale",
            "createEnrolment",
            "eraseSubject",
            "explainDecision",
            "exportAudit",
            "followJournal",
            "getDevice",
            "getEnrolment",
            "getException",
            "getFreshness",
            "getHealth",
            "getConsumer",
            "getMigration",
            "getOffboarding",
            "listConsumers",
            "offboardConsumer",
            "getParked",
            "getQuarantined",
            "holdParkedGroup",
            "installHooks",
            "listHooks",
            "removeHooks",
            "acceptBreak",
            "assignBreak",
            "getReconciliation",
            "listBreaks",
            "listDataFindings",
            "listSyncs",
            "startSync",
            "startReconciliation",
            "listDevices",
            "listExceptions",
            "listFollowers",
            "listParked",
            "listPeople",
            "listQuarantined",
            "resumePerson",
            "suspendPerson",
            "listRestrictions",
            "listSubscriptions",
            "listUnknownFields",
            "listUsage",
            "readmitDevice",
            "releaseSale",
            "replayFollower",
            "reportDeviceLost",
            "resumeConsumer",
            "resumeSubscription",
            "retryParked",
            "retryParkedGroup",
            "revealToken",
            "revokeToken",
            "searchAudit",
            "skipParked",
            "skipParkedGroup",
            "suspendConsumer",
            "traceTransaction",
            "verifyAudit",
        )
    },
}


def test_every_operation_has_a_row():
    assert set(ROWS) == set(OPERATIONS)


@pytest.mark.parametrize("operation", sorted(ROWS))
async def test_nothing_of_another_shop_is_seen(hub, other, operation):
    await ROWS[operation](hub, other)


async def test_another_shops_sale_in_quarantine_is_not_found(hub, other):
    assert (await hub.get(f"{SALES}/{other['quarantined']}")).status == 200
    assert (await hub.get(f"{SALES}/{other['quarantined']}", by="narrow")).status == 404


async def test_who_may_not_read_personal_data_is_answered_none(hub, other):
    path = f"/orders/v1/orders/{other['order']}"
    whole, cut = (await hub.get(path)).json, (await hub.get(path, by="reader")).json
    assert (whole["customer"], cut["customer"]) == ("walk-in", None)
    assert {**whole, "customer": None} == cut


async def test_a_card_payments_reference_is_read_by_those_whose_entry_lists_payment(hub):
    hub.active.swap(landscape(reader={"shops": "*", "event_types": "*"}))
    sent = sale()
    sent["tenders"] = [{**each, "reference": "auth-17"} for each in sent["tenders"]]
    await hub.post(SALES, {"sales": [sent]})
    path = f"{SALES}/{identity(sent)}"
    whole, cut = (await hub.get(path)).json["sale"], (await hub.get(path, by="reader")).json["sale"]
    assert {each["reference"] for each in whole["tenders"]} == {"auth-17"}
    assert {each.get("reference") for each in cut["tenders"]} == {None}


async def test_a_repeated_request_is_answered_by_what_may_be_read_now(hub):
    """The stored answer is whole; rights that went meanwhile count."""
    headers = {"Idempotency-Key": "grants-1"}
    first = (await hub.post("/orders/v1/orders", LINES, headers=headers)).json
    hub.active.swap(landscape(integrator={"shop": "harbour", "customer": "walk-in", "shops": "*", "event_types": "*"}))
    again = await hub.post("/orders/v1/orders", LINES, headers=headers)
    assert (first["customer"], again.json) == ("walk-in", {**first, "customer": None})


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_field_that_no_contract_knows_goes(name):
    document, operation = OPERATIONS[name]
    for status, pointer in operation.responses.items():
        if pointer is not None and status.startswith("2"):
            cut, tally = Cuts(document, operation).of(int(status), OPEN), Tally()
            assert cut is not None
            assert cut.of({"surprise": "4111"}, tally) == {}
            assert tally.unknown == 1
            assert msgspec.json.encode(cut.of({}, Tally())) == b"{}"
