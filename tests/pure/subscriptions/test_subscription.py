from __future__ import annotations

import pytest
from tests.pure.subscriptions.events import NOW, landscape

from tillway.errors import Forbidden, Invalid
from tillway.subscriptions.subscription import Subscription, ask, current

HOOK = "https://shop.example.com/hook"


def pointers(*, consumer: str = "webshop", types: list[str], url: str = HOOK) -> list[str]:
    with pytest.raises(Invalid) as caught:
        ask(landscape(), consumer=consumer, types=types, url=url, now=NOW)
    return [violation.pointer for violation in caught.value.violations]


def test_what_is_asked_for_rightly_comes_with_an_id_and_a_secret() -> None:
    types = ["order.accepted", "tillway.order.accepted.v1", "price.changed"]

    made = ask(landscape(), consumer="webshop", types=types, url=HOOK, now=NOW)

    assert (made.types, made.url, made.status, made.created_at) == (
        ("order.accepted", "price.changed"),
        HOOK,
        "active",
        NOW,
    )
    assert made.secrets[0].startswith("whsec_")
    assert made.secrets[0] not in repr(made)


def test_every_wrong_type_is_pointed_at() -> None:
    assert pointers(types=["order.accepted", "order.eaten", "sale.quarantined"]) == ["/types/1", "/types/2"]
    assert pointers(types=[]) == ["/types"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example.com/hook",
        "https://",
        "https://user:word@shop.example.com/hook",
        "https://shop.example.com/hook#part",
        "https://shop.example.com:port/hook",
        "http://10.0.0.1/hook",
        "http://169.254.169.254/latest",
        "http://[::1]/hook",
        "http://[::ffff:10.0.0.1]/hook",
        "no url",
    ],
)
def test_what_may_not_be_called_is_pointed_at(url: str) -> None:
    assert pointers(types=["order.accepted"], url=url) == ["/delivery/url"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/hook", "http://localhost:9000/hook", HOOK])
def test_public_names_and_named_networks_may_be_called(url: str) -> None:
    assert ask(landscape(), consumer="webshop", types=["order.accepted"], url=url, now=NOW).url == url


def test_who_may_not_read_events_may_not_subscribe() -> None:
    with pytest.raises(Forbidden):
        ask(landscape(), consumer="mute", types=["order.accepted"], url=HOOK, now=NOW)


def subscription(name: str, *, consumer: str = "webshop", origin: str = "api", status: str = "active") -> Subscription:
    return Subscription(
        id=name,
        origin=origin,  # type: ignore[arg-type]
        consumer=consumer,
        types=("order.accepted",),
        url=HOOK,
        status=status,  # type: ignore[arg-type]
        created_at=NOW,
    )


def test_only_the_active_ones_of_consumers_that_may_be_told_are_current() -> None:
    rows = [
        subscription("a"),
        subscription("b", status="disabled"),
        subscription("c", consumer="mute"),
        subscription("d", consumer="vanished"),
        subscription("e", origin="landscape"),
    ]

    assert [each.id for each in current(landscape(), rows, NOW)] == ["a"]


def test_what_the_landscape_says_of_its_own_wins() -> None:
    (found,) = current(landscape(), [subscription("webshop-orders", origin="landscape")], NOW)

    assert found.url == "http://127.0.0.1:9/declared"


def test_whoever_is_overdue_for_long_is_told_nothing_until_it_was_reviewed() -> None:
    rows = [subscription("a")]
    late = landscape(("review: 2027-06-30", "review: 2020-06-30"))
    assert (current(late, rows, NOW), len(current(landscape(), rows, NOW))) == ((), 1)
