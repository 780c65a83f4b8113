"""`load` answers 200 even when it made nothing: its messages say whether trying again can help."""

from __future__ import annotations

import pytest

from tillway.connectors.odoo.order_book import _refused
from tillway.errors import Invalid, TillwayError, TryAgain

ROW = {"rows": {"from": 0, "to": 0}, "record": 0, "type": "error"}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["could not serialize access due to concurrent update\n"], TryAgain),
        (["deadlock detected\nDETAIL:  Process 1 waits"], TryAgain),
        (["No matching record found for database id '9' in field 'Customer'"], Invalid),
        (["You cannot change the pricelist of a confirmed order !"], Invalid),
        ([], Invalid),
    ],
)
def test_a_lost_race_is_told_from_bad_data(messages: list[str], expected: type[TillwayError]) -> None:
    assert type(_refused([{**ROW, "message": text} for text in messages])) is expected


def test_each_complaint_is_told_once_and_short() -> None:
    text = "Missing required value for the field 'Customer' (partner_id).\nModel: 'Sales Order' (sale.order)\n"

    error = _refused([{**ROW, "message": text}, {**ROW, "message": text}, {"type": "error"}])

    assert str(error) == ("Odoo does not take the order: Missing required value for the field 'Customer' (partner_id).")
