"""The simulated tills and the subscriber: what they make and what they check."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway import clock
from tillway.retail import Product, Tax, audit_sale, sale_id
from tillway.sandbox.subscriber import Subscriber
from tillway.sandbox.tills import ring_up

AT = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a secret of the subscriber").decode()
EXCLUDED = Tax(id="1", name="20%", rate=Decimal(20), included=False)
INCLUDED = Tax(id="2", name="10% incl", rate=Decimal(10), included=True)


def product(number: int, price: Decimal, tax: Tax) -> Product:
    return Product(
        sku=f"SKU-{number}",
        name="Thing",
        list_price=price,
        currency="EUR",
        taxes=(tax,),
        template=str(number),
        variant=str(number),
        attributes={},
    )


prices = st.decimals(min_value="0.01", max_value="999.99", places=2)
products = st.lists(st.tuples(prices, st.sampled_from((EXCLUDED, INCLUDED))), min_size=1, max_size=6)


@given(goods=products, seed=st.integers(0, 2**32), sequence=st.integers(1, 10_000))
def test_what_a_till_rings_up_adds_up(goods: list[tuple[Decimal, Tax]], seed: int, sequence: int) -> None:
    assortment = [product(number, *each) for number, each in enumerate(goods)]
    sale = ring_up(assortment, random.Random(seed), till="t1", shop="s1", epoch="e1", sequence=sequence, at=AT)
    assert audit_sale(sale) == ()
    assert (sale.id, sale.business_day) == (sale_id("t1", "e1", sequence), AT.date())


def signed(identity: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    message = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    ("identity", "age", "body", "signature", "verified"),
    [
        ("msg_1", 0, b"{}", None, True),
        ("msg_1", 299, b"{}", None, True),
        ("msg_1", 302, b"{}", None, False),
        ("msg_1", -302, b"{}", None, False),
        ("msg_2", 0, b"{}", None, False),
        ("msg_1", 0, b'{"a": 1}', None, False),
        ("msg_1", 0, b"{}", "v1,AAAA", False),
        ("msg_1", 0, b"{}", "", False),
        ("msg_1", 0, b"{}", "v1,AAAA {0}", True),
    ],
)
def test_a_delivery_is_believed_only_with_its_own_signature_in_time(
    identity: str, age: int, body: bytes, signature: str | None, verified: bool
) -> None:
    timestamp = str(int(clock.now().timestamp()) - age)
    right = signed("msg_1", timestamp, b"{}")
    given_signature = right if signature is None else signature.format(right)
    assert Subscriber(SECRET).verified(identity, timestamp, body, given_signature) is verified
