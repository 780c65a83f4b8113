"""Violations with exact pointers, for bodies and parameters."""

from __future__ import annotations

import pytest

from tillway.contracts import Document, OperationChecks, Parameter, ParameterCheck, checker, load
from tillway.contracts.validators import VIOLATIONS_MAX
from tillway.errors import Violation

DOCUMENTS = load()
CHECKS = {operation.id: OperationChecks(document, operation) for document, operation in DOCUMENTS.operations()}


def places(found):
    return {(violation.pointer, violation.rule) for violation in found}


def test_a_good_body_has_no_violations():
    assert CHECKS["placeOrder"].body({"lines": [{"sku": "A", "quantity": "1.5"}]}) == ()


def test_every_violation_is_found_with_its_place():
    body = {"lines": [{"sku": "A", "quantity": 1}, {"quantity": "x", "colour/size": "red"}], "total": "1e3"}
    assert places(CHECKS["placeOrder"].body(body)) == {
        ("/lines/0/quantity", "type"),
        ("/lines/1/sku", "required"),
        ("/lines/1/quantity", "pattern"),
        ("/lines/1/colour~1size", "additionalProperties"),
        ("/total", "pattern"),
    }


def test_a_violation_never_quotes_the_value():
    found = CHECKS["placeOrder"].body(
        {"lines": [{"sku": "A", "quantity": "4111 1111 1111 1111"}], "currency": "ann@example.com"}
    )
    assert found
    assert "4111" not in str(found)
    assert "ann" not in str(found)


def test_violations_are_limited():
    found = CHECKS["placeOrder"].body({"lines": [{"sku": "A", "quantity": 1}] * 400})
    assert len(found) == VIOLATIONS_MAX


@pytest.mark.parametrize("body", [None, 1, "text", [], {}])
def test_what_is_no_order_at_all_is_one_violation(body):
    assert len(CHECKS["placeOrder"].body(body)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("500", 500), ("007", 7)],
)
def test_an_integer_parameter_is_read(text, value):
    assert CHECKS["readFeed"].query["limit"].value(text) == (value, ())


@pytest.mark.parametrize(
    ("text", "rule"),
    [("0", "minimum"), ("501", "maximum"), ("5.0", "type"), ("", "type"), ("9" * 40, "type"), ("٣", "type")],
)
def test_a_wrong_integer_parameter_is_a_violation_at_its_pointer(text, rule):
    _, found = CHECKS["readFeed"].query["limit"].value(text)
    assert places(found) == {("/query/limit", rule)}


def test_a_list_parameter_is_parted_by_commas():
    assert CHECKS["readFeed"].query["types"].value("a.b,c.d") == (["a.b", "c.d"], ())
    _, found = CHECKS["readFeed"].query["types"].value("a.b,UPPER")
    assert places(found) == {("/query/types/1", "pattern")}


def test_a_path_parameter_points_into_the_path():
    (check,) = CHECKS["getProduct"].path
    assert places(check.value("x" * 65)[1]) == {("/path/sku", "maxLength")}
    assert places(check.value("a\nb")[1]) == {("/path/sku", "pattern")}


def test_a_header_parameter_points_at_the_header():
    (deadline,) = [check for check in CHECKS["getProduct"].headers if check.name == "X-Deadline-Ms"]
    assert deadline.header == b"x-deadline-ms"
    assert places(deadline.value("soon")[1]) == {("/header/X-Deadline-Ms", "type")}


def test_a_required_parameter_that_is_missing_is_named():
    (check,) = CHECKS["getProduct"].path
    assert check.missing == Violation(pointer="/path/sku", detail="is required", rule="required")


def test_a_boolean_parameter_is_true_or_false():
    parameter = Parameter(name="all", where="query", required=False, kind="boolean", schema="/x")
    check = ParameterCheck(parameter, {"x": {"type": "boolean"}})
    assert check.value("true") == (True, ())
    assert places(check.value("yes")[1]) == {("/query/all", "type")}


def test_an_answer_is_checked_by_status_and_schema():
    checks = CHECKS["deleteSubscription"]
    assert checks.response(204, None) == ()
    assert places(checks.response(204, {})) == {("", "content")}
    assert places(checks.response(201, {})) == {("", "status")}
    assert places(CHECKS["createSubscription"].response(201, {"id": "x"})) >= {("/types", "required")}


def test_statuses_may_be_promised_by_range():
    content = {"x": {"type": "integer"}, "y": {"type": "string"}}
    operation = CHECKS["getOrder"].operation
    ranged = type(operation)(
        **{name: getattr(operation, name) for name in operation.__slots__}
        | {"responses": {"2XX": "/x", "default": "/y"}}
    )
    checks = OperationChecks(
        Document(api="x", version=1, content=content | DOCUMENTS.document("orders").content, operations=()), ranged
    )
    assert checks.response(204, 1) == ()
    assert checks.response(500, "text") == ()
    assert places(checks.response(200, "text")) == {("", "type")}


def test_formats_count():
    check = checker({"type": "string", "format": "date-time"}, "")
    assert check("2026-11-23T10:15:00Z") == ()
    assert places(check("2026-11-23 10:15")) == {("", "format")}
