"""What a notice is understood to say, and what is not believed of it."""

from __future__ import annotations

import pytest

from tillway.connectors.odoo import WATCHED, domains_of
from tillway.errors import Malformed
from tillway.inbox.notice import model_of

BULK = ("stock.quant", "stock.move", "stock.move.line", "sale.order.line", "account.move.line", "pos.order")


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"_action": "x(#1)", "_id": 92, "_model": "product.template", "list_price": 31.0}', "product.template"),
        (b'{"_model": "res.partner"}', "res.partner"),
        (b"{}", None),
        (b"[]", None),
        (b"null", None),
        (b"[" * 20_000, None),
        (b'{"_model": ' + b"[" * 20_000, None),
        (b'{"_model": 7}', None),
        (b'{"_model": {"_model": "product.template"}}', None),
        (b'{"_model": "' + b"a" * 101 + b'"}', None),
        (b'{"_model": "Product; DROP TABLE"}', None),
        (b'{"_model": "product.template\\n"}', None),
        (b'{"_model": "\\u0000"}', None),
        (b'{"_model": "a"}', "a"),
    ],
)
def test_only_the_name_of_a_model_is_taken(body, model):
    assert model_of(body) == model


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"_model": "\xff"}', b"_model=x"])
def test_what_is_no_json_is_malformed(body):
    with pytest.raises(Malformed):
        model_of(body)


def test_what_changes_in_bulk_is_not_watched():
    assert {model: domains_of(model) for model in BULK} == dict.fromkeys(BULK, ())


def test_each_rule_is_of_its_own_and_leads_to_a_domain():
    assert len({each.what for each in WATCHED}) == len(WATCHED)
    assert [each.what for each in WATCHED if not each.domains] == []
    assert domains_of("stock.picking") == ("shipments", "orders", "stock")
