"""What is offered, found and drawn, from contracts and a landscape."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.contract.small_hub import landscape as small
from tests.pure.console.shop import landscape
from tests.pure.landscape.test_own_documents import built

from tillway.audit import UsedBy
from tillway.console import drawing, governed, rendering, searching
from tillway.console.offered import offer

OFFER = offer(landscape())
SEEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


def used(consumer: str, operation: str, calls: int = 3, refused: int = 0) -> UsedBy:
    return UsedBy(consumer=consumer, operation=operation, calls=calls, refused=refused, last_seen=SEEN)


def test_an_interface_shows_its_life_and_what_is_promised_of_it():
    orders = next(each for each in OFFER.apis if each.api == "orders")
    told = orders.governed
    assert (told.lifecycle, told.sunset, told.successor) == ("deprecated", date(2027, 6, 30), "orders/v2")
    assert (told.owner, told.deputy, told.steward, told.domain) == ("sales-it", "platform", "ecommerce", "sales")
    assert [each.promise for each in orders.levels] == [
        "99.9 % of the requests to orders are answered without a fault of ours, over 28 days."
    ]


def test_what_the_landscape_does_not_declare_is_shown_as_undeclared():
    land = landscape()
    bare = offer(land.model_copy(update={"apis": {}, "events": {}}))
    assert {each.governed.lifecycle for each in bare.apis} == {"undeclared"}
    assert not any(each.declared for each in bare.events)


def test_an_interface_of_the_retailers_own_is_offered_like_the_others():
    found = next(each for each in offer(built()).apis if each.api == "gift-cards")
    assert (found.title, found.governed.owner, found.governed.upstream) == ("Gift cards", "gifts", "gifts")
    assert [each.id for each in found.operations] == ["getGiftCard"]


def test_search_finds_operations_by_the_words_of_their_name():
    found = searching.index(OFFER, None).search("place order")
    assert (found[0].kind, found[0].title) == ("operation", "placeOrder")
    assert found[0].href == "/catalog/apis/orders/v1/reference#op-placeOrder"


def test_search_finds_events_fields_and_what_is_promised():
    index = searching.index(OFFER, None)
    assert index.search("order.accepted")[0].kind == "event"
    assert {each.kind for each in index.search("lines[].sku")} == {"field"}
    assert index.search("orders answered")[0].kind == "service level"
    assert index.search("no such words anywhere") == ()


def test_strangers_do_not_find_consumers():
    assert [each for each in searching.index(OFFER, None).search("webshop") if each.kind == "consumer"] == []
    assert [
        each.title for each in searching.index(OFFER, landscape()).search("webshop") if each.kind == "consumer"
    ] == ["webshop"]


def test_uses_tell_declared_from_observed():
    seen = [used("webshop", "placeOrder"), used("webshop", "getOrder", 2, 1), used("stranger", "getProduct", 1, 1)]
    lines = {(each.source, each.target): each for each in governed.uses(landscape(), seen)}
    assert (lines["webshop", "orders"].state, lines["webshop", "orders"].calls) == ("used", 5)
    assert lines["webshop", "products"].state == "unused"
    assert (lines["stranger", "products"].state, lines["stranger", "products"].why) == ("undeclared", "refused")
    assert lines["orders", "main"].state == "declared"


def test_a_list_of_callers_narrows_who_may():
    assert ("kiosk", "orders") not in {(each.source, each.target) for each in governed.uses(landscape(), ())}


def test_people_are_one_party_and_need_no_scope_of_a_consumer():
    seen = [used("person:" + "a" * 32, "getHealth"), used("person:" + "b" * 32, "getHealth")]
    line = next(each for each in governed.uses(small(), seen) if each.source == governed.PEOPLE)
    assert (line.state, line.calls) == ("used", 6)


def test_owners_that_are_no_team_stand_out():
    found = {each.id: each for each in governed.owners(landscape())}
    assert (found["sales-it"].declared, found["platform"].declared) == (True, False)
    assert ("api", "orders") in found["sales-it"].owns


def test_the_map_draws_every_line_between_boxes_that_do_not_overlap():
    uses = governed.uses(landscape(), ())
    drawn = drawing.picture(uses, {each.api: each.href for each in OFFER.apis}, landscape().consumers)
    assert len(drawn.lines) == len(uses)
    places = [(box.x, box.y) for box in drawn.boxes]
    assert len(set(places)) == len(places)
    assert all(
        box.x + drawing.BOX_WIDTH <= drawn.width and box.y + drawing.BOX_HEIGHT <= drawn.height for box in drawn.boxes
    )
    assert drawn == drawing.picture(uses, {each.api: each.href for each in OFFER.apis}, landscape().consumers)


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/json", False),
        ("*/*", False),
        (None, False),
        ("text/html;q=0.5, application/json", False),
        ("application/json;q=0.5, text/html", True),
        ("text/html;q=nonsense", False),
    ],
)
def test_browsers_get_pages_and_machines_get_json(accept, page):
    assert rendering.wants_page(accept) is page


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1, "100 ms"), (5, "5 s"), (60, "1 min"), (90, "90 s"), (7200, "2 h"), (86_400, "1 day"), (172_800, "2 days")],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert rendering.span(seconds) == text


def test_what_a_contract_says_cannot_become_markup():
    assert rendering.prose("<b>`a<i>`") == "&lt;b&gt;<code>a&lt;i&gt;</code>"
