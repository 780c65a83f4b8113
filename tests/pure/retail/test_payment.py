from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.retail import PaymentLedger, PaymentReport, doubts, payment_entry, payment_id
from tillway.retail.payment import added

KINDS = st.sampled_from(["authorised", "captured", "refunded"])
CENTS = st.integers(1, 15_000).map(lambda cents: Decimal(cents).scaleb(-2))


def report(kind: str = "captured", amount: str = "10.00", **given: str) -> PaymentReport:
    return PaymentReport(kind=kind, provider="p", reference="r", amount=Decimal(amount), **{"currency": "EUR", **given})  # type: ignore[arg-type]


def test_a_payment_is_named_by_provider_and_reference() -> None:
    assert payment_id("p", "r") == payment_id("p", "r")
    assert len({payment_id("p", "r"), payment_id("p", "s"), payment_id("q", "r")}) == 3


@pytest.mark.parametrize(
    ("ledger", "given", "rules"),
    [
        ({}, report(), set()),
        ({}, report(amount="10.01"), {"ledger"}),
        ({}, report("authorised", "10.01"), {"ledger"}),
        ({"captured": "4"}, report(amount="6.01"), {"ledger"}),
        ({"captured": "10", "refunded": "4"}, report(amount="4.00"), set()),
        ({"authorised": "5"}, report(amount="5.01"), {"ledger"}),
        ({"captured": "5"}, report("refunded", "5.01"), {"ledger"}),
        ({"captured": "5"}, report("refunded", "5.00"), set()),
        ({}, report(currency="USD"), {"currency"}),
        ({}, report(amount="1.001"), {"minor-unit"}),
    ],
)
def test_what_an_order_allows(ledger: dict[str, str], given: PaymentReport, rules: set[str]) -> None:
    held = PaymentLedger(total=Decimal(10), **{name: Decimal(amount) for name, amount in ledger.items()})
    assert {each.rule for each in doubts(given, held, "EUR")} == rules


@given(st.lists(st.tuples(KINDS, CENTS), max_size=12))
def test_no_row_of_payments_keeps_more_than_the_total_or_gives_back_more_than_came(
    payments: list[tuple[str, Decimal]],
) -> None:
    ledger = PaymentLedger(total=Decimal(100))
    for kind, amount in payments:
        if not doubts(report(kind, str(amount)), ledger, "EUR"):
            ledger = added(ledger, payment_entry(kind, amount))  # type: ignore[arg-type]
        assert 0 <= ledger.refunded <= ledger.captured
        assert ledger.captured - ledger.refunded <= ledger.total
        assert ledger.authorised <= ledger.total
