"""What each answer of Odoo's means. Bodies are as a real Odoo 19 gives them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tillway.connectors.odoo.classify import Fate, KeyRefused, NotThere, decode, fate_of, scrub
from tillway.errors import Forbidden, Invalid, NotFound, OutcomeUnknown, Poison, TillwayError, TryAgain

TRACEBACK = 'Traceback (most recent call last):\n  File "/opt/odoo/odoo/http.py", line 2341, in _serve_db\n'


def body(name: str, message: Any = "No.") -> bytes:
    return json.dumps(
        {"name": name, "message": message, "arguments": [message], "context": {}, "debug": TRACEBACK}
    ).encode()


def failure(status: int, content: bytes, *, changes: bool = True) -> TillwayError:
    with pytest.raises(TillwayError) as caught:
        decode(status, content, asked="sale.order/load", changes=changes)
    return caught.value


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (403, "odoo.exceptions.AccessError", Forbidden),
        (404, "odoo.exceptions.MissingError", NotFound),
        (422, "odoo.exceptions.UserError", Invalid),
        (422, "odoo.exceptions.ValidationError", Invalid),
        (422, "odoo.exceptions.RedirectWarning", Invalid),
        (422, "werkzeug.exceptions.UnprocessableEntity", Poison),
        (400, "werkzeug.exceptions.BadRequest", Poison),
        (500, "builtins.ValueError", Poison),
        (500, "builtins.KeyError", Poison),
        (500, "builtins.AttributeError", Poison),
        (500, "psycopg2.errors.InvalidTextRepresentation", Poison),
        (500, "psycopg2.errors.SerializationFailure", TryAgain),
        (500, "psycopg2.errors.DeadlockDetected", TryAgain),
        (500, "psycopg2.errors.LockNotAvailable", TryAgain),
        (500, "odoo.sql_db.PoolError", TryAgain),
        (422, "odoo.exceptions.LockError", TryAgain),
        (500, "psycopg2.OperationalError", OutcomeUnknown),
        (500, "psycopg2.errors.AdminShutdown", OutcomeUnknown),
        (401, "werkzeug.exceptions.Unauthorized", KeyRefused),
        (403, "odoo.exceptions.AccessDenied", KeyRefused),
        (403, "odoo.http.SessionExpiredException", KeyRefused),
        (404, "werkzeug.exceptions.NotFound", NotThere),
        (500, "odoo.addons.shop.models.Surprise", TryAgain),
        (418, "odoo.addons.shop.models.Surprise", Invalid),
    ],
)
def test_an_error_is_judged_by_its_name(status: int, name: str, expected: type[TillwayError]) -> None:
    assert type(failure(status, body(name))) is expected


def test_a_read_that_broke_off_is_simply_tried_again() -> None:
    assert type(failure(500, body("psycopg2.OperationalError"), changes=False)) is TryAgain


@pytest.mark.parametrize("status", [502, 503, 504, 500, 408])
def test_a_page_of_a_proxy_leaves_the_outcome_of_a_change_open(status: int) -> None:
    page = b"<html><title>Bad Gateway</title></html>"

    assert [type(failure(status, page, changes=changes)) for changes in (True, False)] == [OutcomeUnknown, TryAgain]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, KeyRefused), (404, NotThere), (301, NotThere), (413, Poison), (415, Poison), (429, TryAgain)],
)
def test_a_page_that_comes_before_any_work_says_that_nothing_was_done(
    status: int, expected: type[TillwayError]
) -> None:
    assert type(failure(status, b"<!DOCTYPE html>")) is expected


@pytest.mark.parametrize("content", [b"<html>log in</html>", b"", b"\xff\xfe", b'{"a": NaN}'])
def test_a_success_without_json_is_no_success(content: bytes) -> None:
    assert [type(failure(200, content, changes=changes)) for changes in (True, False)] == [OutcomeUnknown, TryAgain]


@pytest.mark.parametrize("content", [b"[]", b'"no"', b"{}", b'{"error": "no"}', b'{"name": 5}'])
def test_json_that_is_not_odoos_error_is_a_strangers_word(content: bytes) -> None:
    assert type(failure(502, content)) is OutcomeUnknown


def test_how_long_to_wait_is_kept() -> None:
    with pytest.raises(TryAgain) as caught:
        decode(429, b"", asked="x/y", changes=True, retry_after="7")

    assert caught.value.retry_after == 7.0


def test_numbers_arrive_exactly() -> None:
    answer = decode(
        200, b'[{"amount": 0.1, "qty": 3, "noise": 22.500000000000004, "none": null}]', asked="", changes=False
    )

    assert answer == [{"amount": Decimal("0.1"), "qty": 3, "noise": Decimal("22.500000000000004"), "none": None}]


def test_the_traceback_never_comes_out() -> None:
    error = failure(500, body("builtins.ValueError", "Invalid field 'nope' on 'sale.order'"))

    assert error.detail == "Odoo, sale.order/load: Invalid field 'nope' on 'sale.order'"
    assert "Traceback" not in f"{error!r}{error}{error.args}{error.remedy}{error.__cause__}{error.__context__}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("First line.\nSecond line with details", "First line."),
        ("  \n Indented\tand\x00 odd  ", "Indentedand odd"),
        ("No mail to ana.hub@example.com, sorry", "No mail to [...] sorry"),
        ("See https://odoo.example/web?debug=1 for more", "See [...] for more"),
        ("Could not open /opt/odoo/data/filestore", "Could not open [...]"),
        ("Key d0c89e9a5aba27683e7a097d0ec49340e2ce6545 is bad", "Key [...] is bad"),
        ("Call +1 (415) 555-0199 now", "Call [...] now"),
        ("Order S00025 has 12 lines", "Order S00025 has 12 lines"),
        (
            "could not serialize access due to concurrent update\n",
            "could not serialize access due to concurrent update",
        ),
        ("", ""),
        (None, "None"),
    ],
)
def test_a_message_is_one_line_without_persons_secrets_or_paths(message: Any, expected: str) -> None:
    assert scrub(message) == expected


def test_a_message_is_short() -> None:
    assert len(scrub("word " * 500)) == 200


def test_every_name_that_is_known_has_one_fate() -> None:
    assert fate_of(200, "odoo.exceptions.UserError") is Fate.REFUSED
    assert fate_of(500, "odoo.exceptions.UserError") is Fate.REFUSED
