"""The committed OpenAPI documents and event schemas keep the house's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tillway.contracts import ENVELOPE, checker, load, resolve

DOCUMENTS = load()
OPERATIONS = [pytest.param(document, operation, id=operation.id) for document, operation in DOCUMENTS.operations()]
APIS = [pytest.param(document, id=api) for (api, _), document in DOCUMENTS.apis.items()]
EVENTS = [pytest.param(name, schema, id=name) for (name, _), schema in DOCUMENTS.events.items()]

# Asked with a body, and changing nothing: what is asked about is long, or must not stand in an address.
ASKING = {
    "listAvailability",
    "quotePrices",
    "calculateTaxes",
    "findCustomers",
    "getBalance",
    "getGiftCardBalance",
    "validateCoupon",
}

EVERY_OPERATION = {
    "createCustomer",
    "findCustomers",
    "getCustomer",
    "mergeCustomers",
    "recordConsent",
    "updateCustomer",
    "withdrawConsent",
    "getBalance",
    "earnPoints",
    "redeemPoints",
    "reverseMovement",
    "getMovement",
    "listMovements",
    "getGiftCardBalance",
    "redeemGiftCard",
    "validateCoupon",
    "useCoupon",
    "listPromotions",
    "getPromotion",
    "getShipment",
    "listShipments",
    "rollbackRelease",
    "amendOrder",
    "authoriseReturn",
    "cancelOrder",
    "creditReturn",
    "getOrderChange",
    "getPayment",
    "getReturn",
    "invoiceOrder",
    "listOrders",
    "listPayments",
    "receiveReturn",
    "recordPayment",
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
    "actOnException",
    "listUnknownFields",
    "getMigration",
    "listConsumers",
    "getConsumer",
    "getOffboarding",
    "offboardConsumer",
    "listPeople",
    "listUsage",
    "resumePerson",
    "suspendPerson",
    "revealToken",
    "verifyAudit",
    "exportAudit",
    "searchAudit",
    "closeSale",
    "createEnrolment",
    "createSubscription",
    "deleteSubscription",
    "enrolDevice",
    "eraseSubject",
    "explainDecision",
    "followJournal",
    "getDevice",
    "getEnrolment",
    "getException",
    "getFreshness",
    "getHealth",
    "getOrder",
    "getParked",
    "getPrice",
    "getProduct",
    "listProductChanges",
    "listStores",
    "getStore",
    "listTaxes",
    "calculateTaxes",
    "getQuarantined",
    "getSale",
    "getSubscription",
    "holdParkedGroup",
    "installHooks",
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
    "listHooks",
    "listParked",
    "listProducts",
    "listQuarantined",
    "listRestrictions",
    "listSubscriptions",
    "placeOrder",
    "listAvailability",
    "quotePrices",
    "readFeed",
    "readmitDevice",
    "recordSales",
    "releaseSale",
    "removeHooks",
    "replayFollower",
    "reportDeviceLost",
    "resumeConsumer",
    "resumeSubscription",
    "retryParked",
    "retryParkedGroup",
    "revokeToken",
    "skipParked",
    "skipParkedGroup",
    "adjustStock",
    "getAdjustment",
    "getAvailability",
    "getPromise",
    "getTransfer",
    "noticeTransfer",
    "promiseStock",
    "releasePromise",
    "suspendConsumer",
    "traceTransaction",
}
EVERY_EVENT = {
    "loyalty.changed",
    "loyalty.exception",
    "loyalty.moved",
    "promotion.changed",
    "order.amended",
    "order.cancelled",
    "order.change-refused",
    "order.change-requested",
    "order.invoiced",
    "payment.booked",
    "payment.exception",
    "payment.recorded",
    "return.authorised",
    "return.credit-requested",
    "return.credited",
    "return.exception",
    "return.received",
    "customer.changed",
    "customer.exception",
    "customer.merged",
    "break.ended",
    "break.found",
    "invoice.posted",
    "session.closed",
    "shipment.updated",
    "change.decided",
    "release.activated",
    "access.changed",
    "cloudevent",
    "order.accepted",
    "order.exception",
    "order.placed",
    "price.changed",
    "product.changed",
    "sale.booked",
    "sale.closed",
    "sale.exception",
    "sale.quarantined",
    "sale.recorded",
    "sale.released",
    "stock.adjusted",
    "stock.changed",
    "stock.counted",
    "stock.exception",
    "stock.promise-ended",
    "stock.promised",
    "stock.transferred",
}


def media_types(document, operation) -> Iterator[tuple[str, dict]]:
    """Each media type object of an operation, with the pointer of its schema."""
    path = operation.path.removeprefix(f"/{operation.api}/v{operation.version}").replace("/", "~1")
    place = f"/paths/{path}/{operation.method.lower()}"
    node = resolve(document.content, place)
    places = [f"{place}/responses/{status}" for status in node["responses"] if "$ref" not in node["responses"][status]]
    if "requestBody" in node:
        places.append(f"{place}/requestBody")
    for each in places:
        for name, media in resolve(document.content, each).get("content", {}).items():
            yield f"{each}/content/{name.replace('/', '~1')}/schema", media


def objects(node, pointer="") -> Iterator[tuple[str, dict]]:
    """Every schema with properties below a node."""
    if isinstance(node, dict):
        if "properties" in node and "type" in node:
            yield pointer, node
        for key, value in node.items():
            if key not in {"example", "examples"}:
                yield from objects(value, f"{pointer}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from objects(value, f"{pointer}/{index}")


def test_the_promises_of_this_release_are_these():
    assert {operation.id for _, operation in DOCUMENTS.operations()} == EVERY_OPERATION
    assert {name for name, _ in DOCUMENTS.events} == EVERY_EVENT
    assert set(DOCUMENTS.apis) == {
        (api, 1)
        for api in (
            "customers",
            "devices",
            "events",
            "loyalty",
            "operations",
            "orders",
            "payments",
            "pos",
            "prices",
            "products",
            "promotions",
            "returns",
            "stores",
            "stock",
            "shipments",
            "subscriptions",
            "taxes",
        )
    }


@pytest.mark.parametrize("document", APIS)
def test_a_document_is_valid_openapi(document):
    assert list(OpenAPIV31SpecValidator(dict(document.content)).iter_errors()) == []


@pytest.mark.parametrize("document", APIS)
def test_a_document_is_bundled(document):
    references = re.findall(r"'\$ref': '([^']+)'", str(document.content))
    assert [reference for reference in references if not reference.startswith("#/")] == []


@pytest.mark.parametrize("document", APIS)
def test_every_component_is_used(document):
    text = str(document.content)
    unused = [
        f"{kind}/{name}"
        for kind in ("schemas", "parameters", "responses", "headers")
        for name in document.content["components"][kind]
        if f"#/components/{kind}/{name}'" not in text
    ]
    assert unused == []


@pytest.mark.parametrize(("document", "operation"), OPERATIONS)
def test_an_operation_asks_for_the_scope_it_is_secured_by(document, operation):
    node = resolve(
        document.content,
        f"/paths/{operation.path.removeprefix(f'/{operation.api}/v1').replace('/', '~1')}/{operation.method.lower()}",
    )
    kind = "read" if operation.method == "GET" or operation.id in ASKING else "write"
    assert operation.scope == f"{operation.api}:{kind}"
    assert operation.criticality in {"critical", "high", "normal", "low"}
    assert node["security"] == ([] if operation.public else [{"oauth2": [operation.scope]}])
    if operation.public:
        return
    flows = document.content["components"]["securitySchemes"]["oauth2"]["flows"]
    assert operation.scope in flows["clientCredentials"]["scopes"]


@pytest.mark.parametrize(("document", "operation"), OPERATIONS)
def test_the_idempotency_key_is_offered_where_it_is_honoured(document, operation):
    names = {parameter.name for parameter in operation.parameters}
    assert ("Idempotency-Key" in names) == (operation.idempotency == "optional")


@pytest.mark.parametrize(("document", "operation"), OPERATIONS)
def test_every_body_has_an_example_that_keeps_its_schema(document, operation):
    problems = {}
    for pointer, media in media_types(document, operation):
        assert "example" in media, pointer
        found = checker(document.content, pointer)(media["example"])
        if found:
            problems[pointer] = found
    assert problems == {}


@pytest.mark.parametrize(("document", "operation"), OPERATIONS)
def test_parameter_examples_and_defaults_keep_their_schemas(document, operation):
    problems = []
    for parameter in operation.parameters:
        check = checker(document.content, parameter.schema)
        schema = resolve(document.content, parameter.schema)
        holder = resolve(document.content, parameter.schema.rpartition("/")[0])
        given = [holder[key] for key in ("example",) if key in holder] + [
            schema[key] for key in ("default",) if key in schema
        ]
        problems += [violation for value in given for violation in check(value)]
    assert problems == []


@pytest.mark.parametrize(("document", "operation"), OPERATIONS)
def test_refusals_are_problems(document, operation):
    problem = next(iter(document.content["components"]["schemas"]["Problem"]["required"]))
    assert problem == "type"
    for status, pointer in operation.responses.items():
        if not status.startswith("2"):
            assert pointer == "/components/schemas/Problem", status
    assert {"401", "403", "422", "500", "503"} <= set(operation.responses)


@pytest.mark.parametrize("document", APIS)
def test_every_field_says_its_data_class(document):
    unclassed = [
        f"{pointer}/{name}"
        for pointer, schema in objects(document.content["components"]["schemas"])
        for name, field in schema["properties"].items()
        if "x-data-class" not in field
    ]
    assert unclassed == []


@pytest.mark.parametrize(("name", "schema"), EVENTS)
def test_every_field_of_an_event_says_its_data_class(name, schema):
    unclassed = [
        f"{pointer}/{field}"
        for pointer, part in objects(schema)
        for field, node in part["properties"].items()
        if "x-data-class" not in node
    ]
    assert unclassed == []


@pytest.mark.parametrize(("name", "schema"), EVENTS)
def test_an_event_schema_names_itself_and_holds_a_good_example(name, schema):
    assert schema["$id"] == f"/catalog/events/{name}/v1/schema.json"
    assert schema["title"] == name
    assert [checker(schema, "")(example) for example in schema["examples"]] == [()]


def test_what_several_documents_share_is_equal_in_all_of_them():
    first: dict[str, object] = {}
    for document in DOCUMENTS.apis.values():
        components = document.content["components"]
        for kind in ("parameters", "responses", "headers", "schemas"):
            for name, component in components[kind].items():
                if first.setdefault(f"{kind}/{name}", component) != component:
                    raise AssertionError(f"{kind}/{name} differs in {document.api}")
    envelope = {
        key: value for key, value in DOCUMENTS.events[ENVELOPE, 1].items() if key in first["schemas/CloudEvent"]
    }
    assert envelope == first["schemas/CloudEvent"]


@pytest.mark.parametrize("document", APIS)
def test_whatever_has_a_body_may_be_too_slow_and_too_large(document):
    for operation in document.operations:
        assert (operation.body is not None) == ({"408", "413"} <= set(operation.responses))
