"""The catalogue serves every promise and an index of them."""

from __future__ import annotations

import msgspec

from tillway.contracts import catalog, load

DOCUMENTS = load()
PAGES = catalog.pages(DOCUMENTS)


def test_every_document_is_served_as_it_is_committed():
    assert msgspec.json.decode(PAGES["/catalog/apis/orders/v1/openapi.json"]) == DOCUMENTS.document("orders").content
    assert (
        msgspec.json.decode(PAGES["/catalog/events/order.accepted/v1/schema.json"])
        == DOCUMENTS.events["order.accepted", 1]
    )


def test_the_index_leads_to_every_document():
    index = msgspec.json.decode(PAGES["/catalog"])
    found = {entry["document"] for entry in index["apis"]} | {entry["schema"] for entry in index["events"]}
    assert found == set(PAGES) - {"/catalog"}
    assert ["enrolDevice"] in [each["operations"] for each in index["apis"]]
