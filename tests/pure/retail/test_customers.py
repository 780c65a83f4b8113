"""Who is the same customer, and what becomes of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tillway.retail import (
    Address,
    BackOfficeCustomer,
    Consent,
    Customer,
    CustomerKey,
    CustomerReference,
    CustomerRequest,
    keys_of,
    phone_key,
    same,
)
from tillway.retail.customer_changes import brought, completed, decided, merged
from tillway.retail.customer_content import held_here, held_there
from tillway.retail.customer_keys import email_key, vat_key

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ada(**more):
    return Customer(**{"id": "1", "connection": "main", "name": "Ada", "emails": ("ada@example.com",)} | more)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("+32 (470) 12-34.56", "+32470123456"),
        ("0032 470 12 34 56", "+32470123456"),
        ("+32/470/123456", "+32470123456"),
        ("0470 12 34 56", None),
        ("+0 470 12 34 56", None),
        ("call me", None),
        ("", None),
    ],
)
def test_a_number_has_one_spelling_if_it_says_its_country(typed, key):
    assert phone_key(typed) == key


def test_addresses_and_tax_numbers_have_one_spelling():
    assert {email_key(each) for each in ("Ada@Example.com", ' "Ada" <ada@example.com> ', "ada@example.com")} == {
        "ada@example.com"
    }
    assert {vat_key(each) for each in ("BE 0123.456.789", "be0123456789")} == {"BE0123456789"}


@pytest.mark.parametrize(
    ("request_", "who"),
    [
        ({"emails": ("ADA@example.com",)}, ("1",)),
        ({"emails": ("eve@example.com",), "phones": ("+32470123456",)}, ("2",)),
        ({"phones": ("+32470123456",)}, ("1", "2")),
        ({"vat": "be-1"}, ("2",)),
        ({"emails": ("new@example.com",), "vat": "BE1"}, ("2",)),
        ({"references": (CustomerReference(system="web", value="7"),)}, ("3",)),
        ({"references": (CustomerReference(system="other", value="7"),)}, ()),
        ({"emails": ("ada@example.com",), "references": (CustomerReference(system="web", value="7"),)}, ("1", "3")),
        ({}, ()),
    ],
)
def test_an_address_or_reference_says_who_it_is_and_a_number_only_where_no_address_contradicts(request_, who):
    known = (
        ada(phones=("+32470123456",)),
        ada(id="2", emails=(), phones=("+32470123456",), vat="BE 1"),
        ada(id="3", emails=("c@example.com",), references=(CustomerReference(system="web", value="7"),)),
    )
    asked = keys_of(CustomerRequest(name="?", **request_))
    assert tuple(each.id for each in same(asked, known)) == who


def test_the_latest_decision_of_a_purpose_counts_whatever_arrives_when():
    def consent(minutes, granted, purpose="mail"):
        return Consent(purpose=purpose, granted=granted, at=NOON + timedelta(minutes=minutes), source="test")

    late = decided(ada(), consent(5, granted=False))
    assert decided(late, consent(0, granted=True)) == late
    assert [each.granted for each in decided(late, consent(6, granted=True)).consents] == [True]
    assert decided(late, consent(5, granted=True)) == late  # at one moment, the one that refuses
    assert [each.purpose for each in decided(late, consent(0, granted=True, purpose="call")).consents] == [
        "call",
        "mail",
    ]


def test_one_of_several_has_what_each_knew():
    bob = ada(id="2", name="Bob", emails=("B@example.com", "ADA@example.com"), vat="BE1", also=("0",))
    one = merged(ada(), [bob])
    assert (one.id, one.name, one.emails, one.vat, one.also) == (
        "1",
        "Ada",
        ("ada@example.com", "B@example.com"),
        "BE1",
        ("2", "0"),
    )


def there(**more):
    told = {"foreign_id": "7", "name": "Ada", "email": "ada@example.com"} | more
    return BackOfficeCustomer(**told)


def test_what_the_back_office_says_counts_but_for_what_it_has_no_place_for():
    ours = ada(
        emails=("ADA@example.com", "second@example.com"),
        phones=("+32470123456",),
        vat="BE 1",
        references=(CustomerReference(system="web", value="7"),),
    )
    assert brought(ours, there(vat="BE1")) == ours
    other = brought(ours, there(email="new@example.com", reference="R1", active=False))
    assert (other.emails, other.vat, other.status, [each.system for each in other.references]) == (
        ("new@example.com", "second@example.com"),
        None,
        "archived",
        ["web", "main"],
    )
    assert brought(ours, there(email=None)).emails == ("second@example.com",)


def test_somebody_known_there_is_completed_not_overwritten():
    ours = ada(name="ada", vat="BE1", address=Address(city="Ghent"))
    one = completed(ours, there(name="Ada Lovelace", address=Address(city="London")))
    assert (one.name, one.vat, one.address) == ("Ada Lovelace", "BE1", Address(city="London"))


def test_a_key_is_told_once():
    assert keys_of(ada(emails=("ada@example.com", "ADA@example.com"))) == (CustomerKey("email", "ada@example.com"),)


@pytest.mark.parametrize(
    "found",
    [
        BackOfficeCustomer(foreign_id="1", name="Ada"),
        BackOfficeCustomer(
            foreign_id="1",
            name=" Ada ",
            company=True,
            email="ADA@example.com",
            phone="+32470123456",
            vat="BE 0123.456",
            reference=" C-1",
            address=Address(street="1 Main ", country="BE"),
            price_list="web",
        ),
    ],
)
@pytest.mark.parametrize("old", [{}, {"phones": ("+32470999999",), "vat": "BE9", "address": Address(city="Ghent")}])
def test_what_was_brought_from_the_back_office_agrees_with_it(found, old):
    here, there = held_here(brought(ada(**old), found)), held_there(found)
    assert {name: here[name] for name in there} == there
    assert set(here) - set(there) == (set() if found.phone else {"phone"})
