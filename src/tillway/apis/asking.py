"""Prices that only the back office can tell: asked of it, once a request and for a few lines at most."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tillway.apis.listed import Listed
from tillway.errors import TillwayError
from tillway.gateway import Ask
from tillway.retail import ASKED_MAX, Call, Criticality, Offices, PriceAsked, Wanted, price
from tillway.retail.pricing import NOTHING_TOLD, Told

log = logging.getLogger(__name__)

# Somebody waits for the answer at a till or in a basket.
_CRITICALITY: Final = Criticality.CRITICAL


async def told(offices: Offices, ask: Ask, by: Listed, lines: Sequence[Wanted], at: datetime) -> Told:
    """What the back office says of those lines whose rule is not understood here. Nothing when it does not answer:
    then these have no price, which is better than a wrong one.
    """
    if by.price_list is None:
        return NOTHING_TOLD
    missing = [
        line
        for line in {(line.product.sku, line.quantity): line for line in lines}.values()
        if price(line.product, by.price_list, quantity=line.quantity, at=at, others=by.others).amount is None
    ][:ASKED_MAX]
    if not missing:
        return NOTHING_TOLD
    entry = ask.landscape.price_lists[by.name]
    try:
        office = offices.of(entry.connection)
        call = Call(
            criticality=_CRITICALITY,
            deadline=ask.deadline,
            correlation=ask.correlation,
            reference=ask.correlation,
            company=office.company,
        )
        asked = tuple(PriceAsked(variant=line.product.variant, quantity=line.quantity) for line in missing)
        found = await office.price_lists.ask(call, str(entry.odoo), asked, at)
    except TillwayError as error:
        log.warning("prices of %s could not be asked of %s: %s", by.name, entry.connection, error.detail)
        return NOTHING_TOLD
    return {
        (line.product.sku, line.quantity): amount
        for line, amount in zip(missing, found, strict=True)
        if amount is not None
    }
