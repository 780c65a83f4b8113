"""A landscape drafted from an Odoo holds together, and asks for what only people can say."""

from __future__ import annotations

import yaml

from tillway.app.first_contact import INVENTORY, NOBODY, Seen, drafted
from tillway.connectors.odoo import Integration, Inventory, Probe, Survey, TillFound
from tillway.landscape import belongs, build

SEEN = Seen(
    url="http://10.1.2.3:8069",
    database="live",
    probe=Probe(version="19.0", key_accepted=True, missing_modules=("point_of_sale",)),
    survey=Survey(
        companies={1: ("Larkfield", "EUR"), 2: ("Larkfield UK", "GBP")},
        warehouses={1: ("Harbour", 1), 2: ("Harbour", 2), 3: ("Depot", 1)},
        price_lists={7: "Store prices"},
        tills=(TillFound(config=1, name="Till 1", company=1, warehouse=1, methods={"cash": 3, "card": 4}),),
        customer=9,
    ),
    inventory=Inventory(
        integrations=(
            Integration(kind="api-key", id="res.users.apikeys,1", name="old shop", detail={"user": "Bot"}),
            Integration(kind="module", id="ir.module.module,5", name="shopify_connector", detail={"author": "X"}),
        ),
        taxes=({"id": 1, "name": "21%"},),
        payment_methods=({"id": 3, "name": "Cash"},),
        unseen=("ir.cron: the key's user may not read it",),
    ),
)
FILES = drafted(SEEN, year=2026)


def test_the_draft_holds_together_and_only_reads():
    landscape = build({name: text for name, text in FILES.items() if belongs(name)})
    assert {name: (shop.company, shop.warehouse, shop.currency) for name, shop in landscape.shops.items()} == {
        "harbour": (1, 1, "EUR"),
        "harbour-2": (2, 2, "GBP"),
        "depot": (1, 3, "EUR"),
    }
    connection = landscape.connections["main"]
    assert (connection.allow_writes, connection.key.env) == (False, "ODOO_KEY")
    assert [str(each) for each in landscape.outbound.allow_networks] == ["10.1.2.3/32"]
    assert list(landscape.shops["harbour"].tills) == ["till-1"]


def test_whoever_integrates_gets_a_line_for_an_owner():
    told = yaml.safe_load(FILES[INVENTORY])
    assert [(each["kind"], each["owner"]) for each in told["integrations"]] == [("api-key", None), ("module", None)]
    assert (told["unseen"], told["missing"]["modules"]) == (
        ["ir.cron: the key's user may not read it"],
        ["point_of_sale"],
    )
    assert NOBODY in FILES["organisation.yaml"]


def test_the_list_is_no_file_of_a_landscape():
    assert not belongs(INVENTORY)
