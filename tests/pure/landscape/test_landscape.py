from __future__ import annotations

import pytest
from pydantic import ValidationError
from tests.pure.landscape.sample import YAML, sample, spoiled

from tillway.errors import Misconfigured, NotFound, TillwayError
from tillway.landscape import Landscape, build


def test_an_entry_knows_the_key_it_stands_under() -> None:
    landscape = sample()
    assert [shop.id for shop in landscape.shops.values()] == ["berlin", "london"]
    assert [till.id for till in landscape.shop("berlin").tills.values()] == ["berlin-1", "berlin-2"]


def test_a_shop_takes_zone_and_currency_from_the_organisation_unless_it_says_otherwise() -> None:
    landscape = sample()
    assert [(shop.timezone, shop.currency) for shop in landscape.shops.values()] == [
        ("Europe/Berlin", "EUR"),
        ("Europe/London", "GBP"),
    ]


def test_a_till_is_found_with_its_shop() -> None:
    shop, till = sample().till("berlin-2")
    assert (shop.id, till.pos_config) == ("berlin", 2)


def test_look_ups_find_what_was_declared() -> None:
    landscape = sample()
    assert landscape.price_list("web").odoo == 3
    assert landscape.price_list("retail").odoo == "list"
    assert landscape.customer("walk-in").partner == 7
    assert landscape.consumer("till").kind == "device"
    assert landscape.connection("other").allow_writes is False
    assert landscape.event("price.changed").retention == "brief"
    assert tuple(landscape.api("orders").versions) == ("v1",)
    assert [entry.id for entry in landscape.subscriptions_of("webshop")] == ["webshop-orders"]
    assert landscape.subscriptions_of("till") == ()
    assert [shop.id for shop in landscape.shops_of("erp")] == ["berlin"]
    assert [entry.id for entry in landscape.price_lists_of("erp")] == ["retail", "web"]


@pytest.mark.parametrize(
    ("look_up", "key", "error", "says"),
    [
        ("shop", "paris", NotFound, "there is no shop 'paris'"),
        ("till", "paris-1", NotFound, "there is no till 'paris-1'"),
        ("consumer", "nobody", NotFound, "there is no consumer 'nobody'"),
        ("price_list", "x", NotFound, "there is no price list 'x'"),
        ("customer", "x", NotFound, "there is no customer 'x'"),
        ("subscription", "x", NotFound, "there is no subscription 'x'"),
        ("connection", "x", Misconfigured, "the connection 'x' is not declared in the landscape"),
        ("event", "a.b", Misconfigured, "the event type 'a.b' is not declared in the landscape"),
        ("api", "weather", Misconfigured, "the interface 'weather' is not declared in the landscape"),
    ],
)
def test_a_look_up_that_finds_nothing_says_what_there_is_not(
    look_up: str, key: str, error: type[TillwayError], says: str
) -> None:
    with pytest.raises(error) as caught:
        getattr(sample(), look_up)(key)
    assert str(caught.value) == says


def test_every_reference_to_a_secret_is_listed_with_its_path() -> None:
    assert [path for path, _ in sample().secret_refs()] == [
        "connections.erp.key",
        "connections.other.key",
        "consumers.webshop.secret",
        "consumers.till.secret",
        "subscriptions.webshop-orders.delivery.secret",
    ]


def test_order_comments_files_and_spelled_out_defaults_do_not_change_the_hash() -> None:
    head, tail = YAML.split("apis:\n")
    assert build({"b.yaml": f"# comment\n{head}", "a.yaml": f"apis:\n{tail}"}).hash == sample().hash
    assert build({"a.yaml": spoiled(("database: nordwind,", "database: nordwind, workers: 2,"))}).hash == sample().hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("partner: 7", "partner: 8"),
        ('"orders:write", ', ""),
        ("timezone: Europe/Berlin", "timezone: Europe/Paris"),
        ("{env: WEBSHOP_SECRET}", "{file: WEBSHOP_SECRET}"),
    ],
)
def test_any_other_content_has_another_hash(old: str, new: str) -> None:
    assert build({"a.yaml": spoiled((old, new))}).hash != sample().hash


def test_what_was_dumped_reads_back_as_the_same_landscape() -> None:
    landscape = sample()
    again = Landscape.model_validate_json(landscape.model_dump_json())
    assert (again, again.hash) == (landscape, landscape.hash)


def test_nothing_in_a_landscape_can_be_assigned() -> None:
    landscape = sample()
    with pytest.raises(ValidationError, match="frozen"):
        landscape.shop("berlin").name = "Paris"
    with pytest.raises(ValidationError, match="frozen"):
        landscape.organisation = landscape.organisation
