"""Rows of customers are judged one by one and against each other; what is told of them repeats nothing of theirs."""

from __future__ import annotations

import io

import msgspec
import pytest

from tillway.cli.bulk.people import TABLE, judged, key
from tillway.cli.bulk.rows import Rows
from tillway.cli.bulk.spool import PeopleSpool
from tillway.errors import Rejected

WHOLE = {
    "name": " Ada Example ",
    "company": "",
    "email": "ada@example.com",
    "phone": "+3225550199",
    "vat": "",
    "system": "web-shop",
    "reference": "C-1001",
    "street": "1 Main Street",
    "city": "Brussels",
    "zip": "1000",
    "country": "BE",
}


def test_a_sound_row_is_what_create_customer_is_asked() -> None:
    person, wrong = judged(2, WHOLE)
    assert wrong == []
    assert person is not None
    assert msgspec.json.decode(person.body) == {
        "name": "Ada Example",
        "emails": ["ada@example.com"],
        "phones": ["+3225550199"],
        "references": [{"system": "web-shop", "value": "C-1001"}],
        "address": {"street": "1 Main Street", "zip": "1000", "city": "Brussels", "country": "BE"},
    }


@pytest.mark.parametrize("told", ["true", "TRUE", True])
def test_a_company_says_so(told) -> None:
    person, _ = judged(1, {"name": "Example NV", "company": told})
    assert person is not None
    assert msgspec.json.decode(person.body) == {"name": "Example NV", "company": True}


@pytest.mark.parametrize(
    ("cells", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 1000}, ["name"]),
        ({"name": "a\x00b"}, ["name"]),
        ({"email": "secret at example"}, ["email"]),
        ({"email": ["secret@example.com"]}, ["email"]),
        ({"company": "perhaps"}, ["company"]),
        ({"reference": ""}, ["reference"]),
        ({"system": ""}, ["system"]),
        ({"country": "Secretland"}, ["country"]),
        ({"zip": "1" * 1000}, ["zip"]),
        ({"iban": "BE00"}, ["iban"]),
        ({"email": "secret", "country": "Secretland"}, ["email", "country"]),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_column_and_without_its_data(cells, fields) -> None:
    person, wrong = judged(7, WHOLE | cells)
    assert person is None
    assert [(each.row, each.field) for each in wrong] == [(7, field) for field in fields]
    assert not any("secret" in each.reason.lower() for each in wrong)


def test_rows_of_one_customer_are_all_rejected() -> None:
    """By address, however it is written, by reference, and by phone only of who has neither."""
    rows = [
        {"name": "A", "email": "a@example.com"},
        {"name": "B", "email": "A@Example.com"},
        {"name": "C", "system": "shop", "reference": "1"},
        {"name": "D", "system": "other", "reference": "1"},
        {"name": "E", "system": "shop", "reference": "1"},
        {"name": "F", "phone": "+3225550199"},
        {"name": "G", "phone": "+3225550199"},
        {"name": "H", "phone": "+3225550199", "email": "h@example.com"},
        {"name": "I"},
        {"name": "I"},
    ]
    with PeopleSpool() as spool:
        for row, cells in enumerate(rows, start=1):
            person, wrong = judged(row, cells)
            assert (wrong, person is None) == ([], False)
            spool.add(person)
        assert [(each.row, each.field) for each in spool.rejects()] == [
            (1, "email"),
            (2, "email"),
            (3, "reference"),
            (5, "reference"),
            (6, "phone"),
            (7, "phone"),
        ]
        assert [row for page in spool.sound(1) for row, _ in page] == [4, 8, 9, 10]
        assert spool.valid() == 4


def test_the_heading_names_what_a_customer_has() -> None:
    with pytest.raises(Rejected, match="lacks name"):
        list(Rows(io.BytesIO(b"email\na@example.com\n"), "csv", TABLE))


def test_keys_differ_from_those_of_other_files_and_rows() -> None:
    assert len({key("a", 1), key("a", 2), key("b", 1)}) == 3
