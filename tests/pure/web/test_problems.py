"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

import msgspec
import pytest

from tillway.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LeaseLost,
    Misconfigured,
    OutcomeUnknown,
    Poison,
    TryAgain,
    Unauthenticated,
    Unavailable,
    Violation,
)
from tillway.web import MethodNotAllowed, render, status_of


def shown(error):
    problem = render(error, correlation="c-1")
    return problem.status, dict(problem.headers), msgspec.json.decode(problem.body)


def test_a_rejection_says_type_status_title_detail_correlation_and_remedy():
    status, headers, body = shown(Forbidden("the scope orders:write is missing", remedy="ask for it"))
    assert status == 403
    assert headers == {b"content-type": b"application/problem+json"}
    assert body == {
        "type": "/problems/forbidden",
        "status": 403,
        "title": "Not allowed",
        "detail": "the scope orders:write is missing",
        "correlation": "c-1",
        "remedy": "ask for it",
    }


def test_every_violation_is_told_with_its_pointer():
    error = Invalid(
        violations=(Violation(pointer="/lines/0/sku", detail="unknown", rule="sku"), Violation(pointer="", detail="x"))
    )
    _, _, body = shown(error)
    assert body["violations"] == [
        {"pointer": "/lines/0/sku", "detail": "unknown", "rule": "sku"},
        {"pointer": "", "detail": "x"},
    ]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Unavailable(), b"1"),
        (TryAgain(retry_after=2.2), b"3"),
        (LeaseLost(), b"1"),
        (Conflict(retry_after=5), b"5"),
        (OutcomeUnknown(), b"1"),
    ],
)
def test_what_waiting_may_help_says_how_long(error, seconds):
    assert dict(render(error, correlation="c").headers)[b"retry-after"] == seconds


def test_what_waiting_cannot_help_names_no_time():
    assert b"retry-after" not in dict(render(Conflict("wrong state"), correlation="c").headers)


def test_an_error_that_knows_its_challenge_brings_it():
    error = Forbidden("the scope orders:write is needed")
    error.challenge = 'Bearer realm="tillway", error="insufficient_scope"'
    _, headers, _ = shown(error)
    assert headers[b"www-authenticate"] == b'Bearer realm="tillway", error="insufficient_scope"'


def test_a_401_is_challenged_in_any_case():
    assert dict(render(Unauthenticated(), correlation="c").headers)[b"www-authenticate"] == b'Bearer realm="tillway"'


def test_a_method_that_is_not_there_names_those_that_are():
    status, headers, _ = shown(MethodNotAllowed(allow=("GET", "POST")))
    assert (status, headers[b"allow"]) == (405, b"GET, POST")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OutcomeUnknown(), 503),
        (Unavailable(), 503),
        (Poison(), 500),
        (Misconfigured(), 500),
        (ValueError("secret"), 500),
    ],
)
def test_the_status_follows_what_happens_next(error, status):
    assert status_of(error) == status


def test_nothing_is_said_of_a_foreign_error_but_its_class():
    status, _, body = shown(ValueError("password=hunter2"))
    assert status == 500
    assert body == {
        "type": "/problems/unexpected",
        "status": 500,
        "title": "Something went wrong on our side",
        "detail": "unexpected ValueError",
        "correlation": "c-1",
    }


def test_what_is_wrong_inside_is_not_told_to_askers():
    _, _, body = shown(Misconfigured("the key of connection erp is in /secrets/erp", remedy="chmod it"))
    assert "secrets" not in str(body)
    assert "remedy" not in body


def test_an_unknown_outcome_says_how_to_ask():
    _, _, body = shown(OutcomeUnknown())
    assert body["remedy"] == "repeat the request with the same Idempotency-Key, or read what it was to create"
