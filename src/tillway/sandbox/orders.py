"""Sales orders: what a new one is completed with, its amounts, confirming and cancelling it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from tillway.sandbox import changing, pricelists, products, reading, stock
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.quantities import MOVE, OPEN_MOVES
from tillway.sandbox.refusals import user_error
from tillway.sandbox.values import exact, moment_text

ORDER: Final = "sale.order"
LINE: Final = "sale.order.line"
VALID_DAYS: Final = 30
"""How long a quotation holds, as in a fresh Odoo."""
PROTECTED: Final = ("product_id", "name", "price_unit", "product_uom_id", "product_uom_qty", "tax_ids", "discount")
"""Fields of a line that a locked order does not let go of."""
UNCONFIRMED: Final = frozenset({"draft", "sent"})


def complete_order(env: Env, given: dict[str, Any]) -> None:
    """Number, addresses, price list, currency, warehouse and validity of a new order."""
    if given.get("name") in {None, False, "", "New"}:
        given["name"] = f"S{env.number(ORDER):05}"
    partner = given.get("partner_id")
    if not partner:
        return
    env.row("res.partner", partner)
    for name in ("partner_invoice_id", "partner_shipping_id"):
        given[name] = given.get(name) or partner
    if "pricelist_id" not in given:
        given["pricelist_id"] = env.get("res.partner", partner, "property_product_pricelist")
    listed = given["pricelist_id"]
    given["currency_id"] = (
        env.row("product.pricelist", listed)["currency_id"] if listed else products.company_currency(env, 0)
    )
    if not given.get("warehouse_id"):
        mine = [["company_id", "=", given["company_id"]]]
        given["warehouse_id"] = next(iter(reading.search(env, "stock.warehouse", mine, limit=1)), False)
    if not given.get("validity_date"):
        day = date.fromisoformat(moment_text(given["date_order"])[: len("2026-11-23")])
        given["validity_date"] = (day + timedelta(days=VALID_DAYS)).isoformat()


def complete_line(env: Env, given: dict[str, Any]) -> None:
    """Description, taxes and price of a new line. A price that is given is kept."""
    product = given.get("product_id")
    if given.get("display_type"):
        given.update(product_uom_qty=0.0, price_unit=0.0)
        return
    if not product:
        return
    env.row("product.product", product)
    order = env.row(ORDER, given["order_id"])
    if not given.get("name"):
        described = env.get("product.product", product, "description_sale")
        name = env.display_name("product.product", product)
        given["name"] = f"{name}\n{described}" if described else name
    if "tax_ids" not in given:
        sold_with = env.get("product.product", product, "taxes_id")
        mine = [tax for tax in sold_with if env.row("account.tax", tax)["company_id"] == order["company_id"]]
        given["tax_ids"] = [[6, 0, mine]]
    if given.get("price_unit") is None:
        given["price_unit"] = _price(env, order, product, given["product_uom_qty"])[0]
    given["technical_price_unit"] = given["price_unit"]


def _price(env: Env, order: dict[str, Any], product: int, quantity: Any) -> tuple[float, int]:
    if not order["pricelist_id"]:
        return products.sales_price(env, product), 0
    asked = exact(float(quantity)) if isinstance(quantity, (int, float)) else exact(1)
    found, rule = pricelists.price(env, order["pricelist_id"], product, quantity=asked, at=order["date_order"])
    return float(found), rule


def line_rule(env: Env, line: int) -> int | bool:
    """The rule of the price list that applies to the line, whatever price it has."""
    row = env.row(LINE, line)
    if not row["product_id"]:
        return False
    return _price(env, env.row(ORDER, row["order_id"]), row["product_id"], row["product_uom_qty"])[1] or False


def lines_created(env: Env, lines: list[int]) -> None:
    """A line changes its order; on a confirmed one it is delivered as well."""
    for line in lines:
        order = env.row(LINE, line)["order_id"]
        changing.touch(env, ORDER, [order])
        if env.row(ORDER, order)["state"] == "sale":
            _deliver(env, order, [line])


def lines_written(env: Env, lines: list[int], changed: frozenset[str]) -> None:
    """Another product or quantity is priced anew, unless the price was changed by hand."""
    for line in lines:
        row = env.row(LINE, line)
        order = env.row(ORDER, row["order_id"])
        repriced = changed & {"product_id", "product_uom_qty"} and "price_unit" not in changed
        if repriced and row["product_id"] and row["price_unit"] == row["technical_price_unit"]:
            price = _price(env, order, row["product_id"], row["product_uom_qty"])[0]
            changing.put(env, LINE, line, price_unit=price, technical_price_unit=price)
        changing.touch(env, ORDER, [row["order_id"]])
        if order["state"] == "sale" and "product_uom_qty" in changed:
            for move in env.search_by(MOVE, "sale_line_id", line):
                stock.unreserve(env, move)
                changing.put(env, MOVE, move, product_uom_qty=row["product_uom_qty"])
                if row["product_uom_qty"]:
                    stock.reserve(env, move)
                else:
                    changing.put(env, MOVE, move, state="cancel")


def guard_change(env: Env, orders: list[int], given: Mapping[str, Any]) -> None:
    """The price list of a confirmed order stays, even when it is written as it is: a late `load` is refused by that."""
    if "pricelist_id" in given and any(env.row(ORDER, order)["state"] == "sale" for order in orders):
        raise user_error("You cannot change the pricelist of a confirmed order !")


def guard_line_change(env: Env, lines: list[int], given: Mapping[str, Any]) -> None:
    """A delivered product is not swapped, and a locked order keeps its lines."""
    for line in lines:
        row = env.row(LINE, line)
        order = env.row(ORDER, row["order_id"])
        if (
            order["state"] == "sale"
            and row["product_id"]
            and given.get("product_id", row["product_id"]) != row["product_id"]
        ):
            raise user_error("You cannot modify the product of this order line.")
        held = [env.models[LINE].fields[name].label for name in PROTECTED if name in given]
        if order["locked"] and held:
            words = "\n".join(held)
            raise user_error(f"It is forbidden to modify the following fields in a locked order:\n{words}")


def guard_order(env: Env, orders: list[int]) -> None:
    """Only what is a quotation or cancelled can be deleted."""
    if any(env.row(ORDER, order)["state"] not in {"draft", "cancel"} for order in orders):
        raise user_error("You can not delete a sent quotation or a confirmed sales order. You must first cancel it.")


def guard_line(env: Env, lines: list[int]) -> None:
    """Lines of a confirmed order stay."""
    orders = {env.row(LINE, line)["order_id"] for line in lines}
    if any(env.exists(ORDER, order) and env.row(ORDER, order)["state"] == "sale" for order in orders):
        raise user_error(
            "Once a sales order is confirmed, you can't remove one of its lines (we need to track if something gets "
            "invoiced or delivered).\n                Set the quantity to 0 instead."
        )


def action_confirm(call: Call) -> bool:
    """Confirm orders: each gets a delivery and reserves what stock there is. Short stock is no obstacle."""
    env = call.env
    if any(env.row(ORDER, order)["state"] not in UNCONFIRMED for order in call.ids):
        raise user_error("Some orders are not in a state requiring confirmation.")
    for order in call.ids:
        changing.put(env, ORDER, order, state="sale", date_order=env.now)
        _deliver(env, order, env.get(ORDER, order, "order_line"))
    return True


def _deliver(env: Env, order: int, lines: list[int]) -> None:
    row = env.row(ORDER, order)
    sold = [
        each for each in (env.row(LINE, line) for line in lines) if each["product_id"] and each["product_uom_qty"] > 0
    ]
    goods = [each for each in sold if env.get("product.product", each["product_id"], "type") == "consu"]
    if not goods:
        return
    kind = env.row("stock.warehouse", row["warehouse_id"])["out_type_id"]
    open_ones = [
        p for p in env.search_by(stock.PICKING, "sale_id", order) if env.row(stock.PICKING, p)["state"] in OPEN_MOVES
    ]
    due = row["commitment_date"] or env.now
    picking = (
        open_ones[0]
        if open_ones
        else stock.new_picking(
            env,
            kind,
            origin=row["name"],
            partner_id=row["partner_shipping_id"],
            sale_id=order,
            scheduled_date=due,
            date_deadline=due,
        )
    )
    for each in goods:
        made = stock.new_move(
            env, picking, each["product_id"], each["product_uom_qty"], sale_line_id=each["id"], date=due
        )
        stock.reserve(env, made)
    stock.settle(env, picking)


def action_cancel(call: Call) -> bool:
    """Cancel orders and their open deliveries; also what was delivered long ago can be cancelled, as in Odoo."""
    if any(call.env.row(ORDER, order)["locked"] for order in call.ids):
        raise user_error("You cannot cancel a locked order. Please unlock it first.")
    for order in call.ids:
        for picking in call.env.search_by(stock.PICKING, "sale_id", order):
            stock.cancel(call.env, picking)
        changing.put(call.env, ORDER, order, state="cancel")
    return True


def action_draft(call: Call) -> bool:
    """Make cancelled orders quotations again."""
    for order in call.ids:
        if call.env.row(ORDER, order)["state"] in {"cancel", "sent"}:
            changing.put(call.env, ORDER, order, state="draft")
    return True


def delivery_status(env: Env, order: int) -> str | bool:
    """`pending` until the delivery is done; nothing without one."""
    states = {env.row(stock.PICKING, each)["state"] for each in env.search_by(stock.PICKING, "sale_id", order)}
    states.discard("cancel")
    if not states:
        return False
    return "full" if states == {"done"} else "partial" if "done" in states else "pending"


def display_line(env: Env, line: int) -> str:
    """`S00026 - [SKU] Name (customer)`."""
    row = env.row(LINE, line)
    order = env.row(ORDER, row["order_id"])
    partner = env.row("res.partner", order["partner_id"])
    return f"{order['name']} - {row['name'].splitlines()[0]} ({partner['ref'] or partner['name']})"
