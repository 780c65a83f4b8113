"""Operations compiled from a document."""

from __future__ import annotations

import copy

import pytest

from tillway.contracts import compile_document, load
from tillway.errors import Misconfigured

ORDERS = load().document("orders")
OPERATIONS = {operation.id: operation for _, operation in load().operations()}


def test_an_operation_is_compiled_whole():
    place = OPERATIONS["placeOrder"]
    assert (place.method, place.path, place.scope) == ("POST", "/orders/v1/orders", "orders:write")
    assert (place.criticality, place.idempotency, place.fact, place.writes) == ("critical", "optional", False, True)
    assert place.body == "/components/schemas/OrderRequest"
    assert place.body_limit == 1024 * 1024
    assert place.responses["201"] == "/components/schemas/Order"
    assert place.responses["422"] == "/components/schemas/Problem"


def test_sales_are_facts_of_up_to_eight_mebibytes():
    assert (OPERATIONS["recordSales"].fact, OPERATIONS["recordSales"].body_limit) == (True, 8 * 1024 * 1024)
    assert [operation.id for operation in OPERATIONS.values() if operation.fact] == ["recordSales"]


def test_an_answer_without_a_body_has_no_schema():
    assert OPERATIONS["deleteSubscription"].response(204) is None
    with pytest.raises(KeyError):
        OPERATIONS["deleteSubscription"].response(418)


def test_parameters_come_from_path_and_operation():
    content = copy.deepcopy(dict(ORDERS.content))
    item = content["paths"]["/orders/{id}"]
    item["parameters"] = [item["get"]["parameters"].pop(0)]
    operation = next(each for each in compile_document("orders", 1, content).operations if each.id == "getOrder")
    assert [(each.where, each.name, each.required) for each in operation.parameters] == [
        ("path", "id", True),
        ("header", "X-Correlation-Id", False),
        ("header", "X-Causation-Id", False),
        ("header", "X-Deadline-Ms", False),
    ]


@pytest.mark.parametrize("missing", ["operationId", "x-tillway-scope", "x-tillway-criticality", "summary"])
def test_an_operation_that_does_not_say_enough_is_named(missing):
    content = copy.deepcopy(dict(ORDERS.content))
    del content["paths"]["/orders"]["post"][missing]
    with pytest.raises(Misconfigured, match=rf"orders.v1 /paths/~1orders/post: '{missing}' is missing"):
        compile_document("orders", 1, content)


def test_a_server_that_is_not_the_api_and_version_is_refused():
    content = dict(ORDERS.content) | {"servers": [{"url": "/orders/v2"}]}
    with pytest.raises(Misconfigured, match="/orders/v1"):
        compile_document("orders", 1, content)
