from __future__ import annotations

import json

import pytest
from tests.pure.subscriptions.events import NOW, YAML, landscape, recorded

from tillway.errors import Forbidden, Unauthenticated
from tillway.identity import Grant
from tillway.landscape import build
from tillway.subscriptions.selection import recipient, recipient_or_none, visible, wire

OPEN = frozenset({"public", "internal", "confidential"})
EVERYWHERE = Grant(consumer="c", kind="machine", scopes=frozenset(), shops=None, event_types=None, classes=OPEN)
KNOWING = Grant(
    consumer="c", kind="machine", scopes=frozenset(), shops=None, event_types=None, classes=OPEN | {"personal"}
)
BERLIN = Grant(consumer="c", kind="machine", scopes=frozenset(), shops=frozenset({"berlin"}), event_types=None)
PRICES = Grant(consumer="c", kind="machine", scopes=frozenset(), shops=None, event_types=frozenset({"price.changed"}))


@pytest.mark.parametrize(
    ("who", "kind", "data", "told"),
    [
        (EVERYWHERE, "order.accepted", {"shop": "berlin"}, True),
        (EVERYWHERE, "sale.quarantined", {"shop": None}, True),
        (BERLIN, "order.accepted", {"shop": "berlin"}, True),
        (BERLIN, "order.accepted", {"shop": "hamburg"}, False),
        (BERLIN, "sale.quarantined", {"shop": None}, False),
        (BERLIN, "sale.quarantined", {"shop": ["berlin"]}, False),
        (BERLIN, "price.changed", {"sku": "A"}, True),
        (PRICES, "price.changed", {"sku": "A"}, True),
        (PRICES, "order.accepted", {"shop": "berlin"}, False),
    ],
)
def test_types_and_shops_of_the_grant_decide(who: Grant, kind: str, data: dict[str, object], told: bool) -> None:
    assert visible(who, recorded(kind, data=data)) is told


def test_personal_members_are_sent_to_those_who_may_read_them() -> None:
    event = recorded(data={"shop": "berlin", "gross": "286.35"}, personal={"customer": "walk-in"})

    assert json.loads(wire(KNOWING, event))["data"] == {"shop": "berlin", "gross": "286.35", "customer": "walk-in"}


def test_members_that_no_contract_knows_are_not_sent() -> None:
    assert json.loads(wire(KNOWING, recorded(data={"shop": "berlin", "mood": "bad"})))["data"] == {"shop": "berlin"}
    assert json.loads(wire(KNOWING, recorded("never.promised", data={"shop": "berlin"})))["data"] == {}


def test_own_fields_are_sent_as_far_as_the_landscape_declares_them() -> None:
    days = "{type: number, data_class: public, owner: it, about: Days., odoo: {field: x_days}}"
    own = build({"base.yaml": YAML, "own.yaml": f"extensions: {{product.days: {days}}}"})
    event = recorded("product.changed", data={"sku": "A", "extensions": {"days": "12.5", "gone": "x"}})

    assert json.loads(wire(EVERYWHERE, event, own))["data"] == {"sku": "A", "extensions": {"days": "12.5"}}
    # Once the last is taken out, nobody says any more of which class what was told was.
    none = build({"base.yaml": YAML})
    assert json.loads(wire(KNOWING, event, none))["data"] == {"sku": "A", "extensions": {}}


def test_nothing_personal_is_sent_to_others() -> None:
    event = recorded(data={"shop": "berlin", "gross": "286.35"}, personal={"customer": "walk-in"})

    sent = json.loads(wire(EVERYWHERE, event))

    assert sent["data"] == {"shop": "berlin", "gross": "286.35"}
    assert (sent["specversion"], sent["type"], sent["id"]) == ("1.0", "tillway.order.accepted.v1", str(event.id))


def test_a_recipient_is_what_the_landscape_grants_now() -> None:
    found = recipient(landscape(), "kiosk", NOW)

    assert (found.shops, found.event_types) == (frozenset({"berlin"}), None)


def test_without_the_scope_or_without_an_entry_nobody_is_told_anything() -> None:
    with pytest.raises(Forbidden):
        recipient(landscape(), "mute", NOW)
    with pytest.raises(Unauthenticated):
        recipient(landscape(), "gone", NOW)

    assert [recipient_or_none(landscape(), name, NOW) for name in ("mute", "gone")] == [None, None]
