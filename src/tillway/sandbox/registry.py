"""Everything a call can reach: models with delegated fields, hooks and methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tillway.sandbox import (
    closing,
    counting,
    generic,
    invoicing,
    loyalty,
    merging,
    orders,
    own_fields,
    partners,
    pricelists,
    products,
    receipts,
    returning,
    sessions,
    stock,
    syncing,
    taxes,
)
from tillway.sandbox.environment import Hooks
from tillway.sandbox.fields import Model, with_delegated
from tillway.sandbox.methods import Method, Methods
from tillway.sandbox.models import automation, base, prices, sales, tills
from tillway.sandbox.models import invoicing as invoicing_models
from tillway.sandbox.models import loyalty as loyalty_models
from tillway.sandbox.models import products as product_models
from tillway.sandbox.models import receipts as receipt_models
from tillway.sandbox.models import stock as stock_models

_TABLES = (
    base,
    automation,
    product_models,
    prices,
    stock_models,
    sales,
    tills,
    receipt_models,
    invoicing_models,
    loyalty_models,
)


def _all_models() -> dict[str, Model]:
    models = {each.name: each for table in _TABLES for each in table.MODELS}
    return {name: with_delegated(each, models) for name, each in models.items()}


MODELS: Final[Mapping[str, Model]] = _all_models()

HOOKS: Final[Mapping[str, Hooks]] = {
    "ir.model": Hooks(created=own_fields.models_added, unlinking=own_fields.models_removed),
    "ir.model.fields": Hooks(
        completing=own_fields.complete_field, created=own_fields.fields_added, unlinking=own_fields.fields_removed
    ),
    "res.partner": Hooks(created=partners.check, written=partners.check),
    "product.template": Hooks(created=products.make_variants, written=products.templates_changed),
    "product.product": Hooks(created=products.check_barcodes, written=products.check_barcodes),
    "product.template.attribute.line": Hooks(created=products.lines_changed, written=products.lines_changed),
    "product.pricelist.item": Hooks(
        completing=pricelists.complete_rule, created=pricelists.check_rules, written=pricelists.check_rules
    ),
    "account.journal": Hooks(completing=sessions.complete_journal),
    "stock.warehouse": Hooks(completing=stock.make_warehouse, created=stock.own_locations),
    "stock.picking": Hooks(completing=stock.complete_picking),
    "sale.order": Hooks(completing=orders.complete_order, writing=orders.guard_change, unlinking=orders.guard_order),
    "sale.order.line": Hooks(
        completing=orders.complete_line,
        created=orders.lines_created,
        writing=orders.guard_line_change,
        written=orders.lines_written,
        unlinking=orders.guard_line,
    ),
    "account.payment.register": Hooks(completing=invoicing.complete_register),
    "stock.return.picking": Hooks(created=returning.offer),
    "pos.session": Hooks(completing=sessions.complete_session),
    "pos.order": Hooks(completing=syncing.complete_order, unlinking=receipts.guard),
    "pos.order.line": Hooks(completing=syncing.complete_line),
    "pos.payment": Hooks(unlinking=syncing.guard_payments),
    "loyalty.program": Hooks(
        completing=loyalty.complete_program, created=loyalty.check_program, written=loyalty.check_program
    ),
    "loyalty.rule": Hooks(completing=loyalty.complete_rule),
    "loyalty.reward": Hooks(created=loyalty.name_reward),
}

SPECIAL: Final[Mapping[str, Methods]] = {
    "res.partner": {
        "find_or_create": Method(partners.find_or_create, on_records=False),
    },
    merging.WIZARD: {"action_merge": Method(merging.action_merge)},
    "product.product": {"get_contextual_price": Method(pricelists.get_contextual_price)},
    "product.template": {"get_contextual_price": Method(pricelists.get_template_price)},
    "account.tax": {"compute_all": Method(taxes.compute_all)},
    "stock.quant": {
        "create": Method(counting.create_quants, on_records=False),
        "write": Method(counting.write_quants),
        "action_apply_inventory": Method(counting.action_apply_inventory),
        "action_clear_inventory_quantity": Method(counting.action_clear_inventory_quantity),
    },
    "stock.inventory.adjustment.name": {"action_apply": Method(counting.apply_named)},
    "stock.picking": {
        "action_assign": Method(stock.action_assign),
        "action_confirm": Method(stock.action_confirm),
        "button_validate": Method(stock.button_validate),
    },
    "sale.order": {
        "action_confirm": Method(orders.action_confirm),
        "action_cancel": Method(orders.action_cancel),
        "action_draft": Method(orders.action_draft),
    },
    "account.move": {"action_post": Method(invoicing.action_post)},
    "sale.advance.payment.inv": {"create_invoices": Method(invoicing.create_invoices)},
    "account.payment.register": {"action_create_payments": Method(invoicing.action_create_payments)},
    "account.move.reversal": {"refund_moves": Method(invoicing.refund_moves)},
    "stock.return.picking": {"action_create_returns": Method(returning.action_create_returns)},
    "res.users": {
        "context_get": Method(partners.context_get, on_records=False),
        "has_group": Method(partners.has_group),
    },
    "pos.config": {"open_ui": Method(sessions.open_ui)},
    "pos.session": {
        "set_opening_control": Method(sessions.set_opening_control),
        "try_cash_in_out": Method(closing.try_cash_in_out),
        "get_closing_control_data": Method(closing.get_closing_control_data),
        "post_closing_cash_details": Method(closing.post_closing_cash_details),
        "update_closing_control_state_session": Method(closing.update_closing_control_state_session),
        "close_session_from_ui": Method(closing.close_session_from_ui),
    },
    "pos.order": {
        "sync_from_ui": Method(syncing.sync_from_ui, on_records=False),
        "action_pos_order_cancel": Method(receipts.action_pos_order_cancel),
    },
    "loyalty.card": {"unlink": Method(loyalty.unlink_card)},
    "loyalty.card.update.balance": {
        "action_update_card_point": Method(loyalty.action_update_card_point),
        "unlink": Method(loyalty.unlink_wizard),
    },
}
"""Beside the generic methods, or in their place."""


def method(model: Model, name: str) -> Method | None:
    """The method of a model, or None."""
    found = SPECIAL.get(model.name, {}).get(name) or generic.METHODS.get(name)
    if name in {"action_archive", "action_unarchive"} and "active" not in model.fields:
        return None
    return found


def method_names(model: str) -> list[str]:
    """Every method of a model."""
    return sorted({*generic.METHODS, *SPECIAL.get(model, {})})
