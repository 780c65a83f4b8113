"""Decisions by policies: the base policies give what the landscape's entries say, own policies narrow or widen it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.pure.identity.who import NOW, YAML, landscape

from tillway.errors import Forbidden
from tillway.identity import Grant, MissingScope, NotAuthenticated, Principal, decider, grant
from tillway.landscape import Landscape, build

OPEN = frozenset({"public", "internal", "confidential"})
SCOPES = {"webshop": ("orders:read", "orders:write", "events:read"), "till": ("orders:write", "events:read")}


def known(policies: str = "", *replacements: tuple[str, str], more: str = "") -> Landscape:
    text = YAML + more
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return build({"a.yaml": text, "policies/own.cedar": policies})


def who(consumer: str = "webshop", *scopes: str, kind: str = "machine", **more) -> Principal:
    kind = "device" if consumer == "till" else kind
    return Principal(
        id=consumer,
        kind=kind,
        scopes=frozenset(scopes or SCOPES.get(consumer, ())),
        token_id="t",
        expires_at=NOW,
        **more,
    )


def refused(policies: str, operation: str = "placeOrder", *, at: datetime = NOW, peer: str = "", **more) -> str | None:
    """The words of the refusal; None when it is allowed."""
    try:
        grant(who(**more), known(policies, more=NETWORKS), operation, now=at, peer=peer)
    except Forbidden as error:
        return error.detail
    return None


OPERATIONS = "apis:\n  operations: {layer: system, owner: platform, criticality: low, data_class: confidential}"
NETWORKS = "networks: {stores: [10.0.0.0/8], till-lan: [10.9.0.0/16, 'fd00::/8']}\n"


def test_a_grant_holds_what_the_landscape_says() -> None:
    scape = landscape()
    assert grant(who("webshop", "orders:write"), scape, "placeOrder", now=NOW) == Grant(
        consumer="webshop",
        kind="machine",
        scopes=frozenset({"orders:write"}),
        shops=None,
        shop="berlin",
        price_list="web",
        customer="walk-in",
        event_types=None,
        classes=OPEN,
        policies=("tillway.all-events", "tillway.all-shops", "tillway.open-classes", "tillway.scope"),
        release=scape.hash,
    )


def test_who_names_no_shops_sees_its_own_and_is_quoted_by_its_list() -> None:
    scape = landscape()
    assert grant(who("till"), scape, "placeOrder", now=NOW) == Grant(
        consumer="till",
        kind="device",
        scopes=frozenset({"orders:write", "events:read"}),
        shops=frozenset({"hamburg"}),
        shop="hamburg",
        price_list="retail",
        event_types=frozenset({"price.changed"}),
        classes=OPEN,
        policies=("tillway.listed-events", "tillway.listed-shops", "tillway.open-classes", "tillway.scope"),
        release=scape.hash,
    )


def test_an_operator_sees_all_shops_and_receives_no_events() -> None:
    found = grant(who("operator", "operations:read", kind="operator"), landscape(), "getHealth", now=NOW)
    assert (found.kind, found.shops, found.event_types, found.classes) == ("operator", None, frozenset(), OPEN)


def test_operations_look_at_the_whole_hub_and_let_in_nobody_who_may_touch_a_part() -> None:
    scape = known("", ("apis:", OPERATIONS), ('"orders:read", ', '"operations:read", '))
    assert grant(who("webshop", "operations:read"), scape, "getHealth", now=NOW).shops is None
    narrow = '@id("x") forbid (principal, action == Action::"touch", resource == Shop::"berlin");'
    scape = known(narrow, ("apis:", OPERATIONS), ('"orders:read", ', '"operations:read", '))
    with pytest.raises(Forbidden, match="operations look at the whole hub"):
        grant(who("webshop", "operations:read"), scape, "getHealth", now=NOW)


def test_a_device_that_stands_in_a_shop_touches_that_shop_alone() -> None:
    found = grant(who("webshop", shop="hamburg"), landscape(), "placeOrder", now=NOW)
    assert (found.shops, found.shop) == ({"hamburg"}, "hamburg")
    assert grant(who("till", shop="berlin"), landscape(), "placeOrder", now=NOW).shops == frozenset()


def test_an_interface_that_names_its_callers_is_for_nobody_else() -> None:
    scape = landscape(("orders: {", "orders: {callers: [webshop], "))
    assert grant(who("webshop"), scape, "placeOrder", now=NOW).consumer == "webshop"
    with pytest.raises(Forbidden, match="callers forbids it: the interface names its callers"):
        grant(who("till"), scape, "placeOrder", now=NOW)
    open_to_nobody = landscape(("orders: {", "orders: {callers: [], "))
    with pytest.raises(Forbidden, match="names its callers"):
        grant(who("webshop"), open_to_nobody, "placeOrder", now=NOW)


def test_a_missing_scope_is_named() -> None:
    with pytest.raises(MissingScope) as caught:
        grant(who("webshop", "orders:read"), landscape(), "placeOrder", now=NOW)
    assert (caught.value.status, caught.value.missing) == (403, ("orders:write",))
    assert caught.value.challenge == 'Bearer realm="tillway", error="insufficient_scope", scope="orders:write"'


def test_who_left_the_landscape_meanwhile_gets_no_grant() -> None:
    with pytest.raises(NotAuthenticated):
        grant(who(), landscape(("  webshop:\n", "  renamed:\n")), "getOrder", now=NOW)


def test_closed_classes_are_read_by_those_whose_entry_lists_them() -> None:
    scape = known("", ('shops: "*", event_types: "*"', 'shops: "*", event_types: "*", data_classes: [personal]'))
    assert grant(who(), scape, "getOrder", now=NOW).classes == OPEN | {"personal"}


FORBID = '@id("own") @reason("not like this") forbid (principal, action in Action::"orders:write", resource)'


@pytest.mark.parametrize(
    ("condition", "more", "told"),
    [
        ('principal.roles.contains("support")', {"roles": frozenset({"support"})}, True),
        ('principal.roles.contains("support")', {}, False),
        ('context.network != "stores"', {"peer": "10.1.2.3"}, False),
        ('context.network != "stores"', {"peer": "::ffff:10.1.2.3"}, False),
        ('context.network == "till-lan"', {"peer": "10.9.0.1"}, True),
        ('context.network == "till-lan"', {"peer": "fd00::1"}, True),
        ('context.network == "elsewhere"', {"peer": "192.0.2.1"}, True),
        ('context.network == "elsewhere"', {"peer": "a unix socket"}, True),
        # 10:00 in London is 11:00 in Berlin, where the organisation is; a Monday.
        ("context.hour == 11", {}, True),
        ("context.hour == 10", {}, False),
        ('context.weekday == "monday" && context.hour >= 11', {}, True),
        ("!context.step_up", {}, True),
        ("!context.step_up", {"auth_time": NOW - timedelta(minutes=4)}, False),
        ("!context.step_up", {"auth_time": NOW - timedelta(minutes=6)}, True),
        ('principal has shop && principal.shop == Shop::"berlin"', {}, True),
        ("principal is Device", {"consumer": "till"}, True),
        ('resource.criticality == "critical" && resource.owner == "sales-it"', {}, True),
        ('principal.kind == "person"', {}, False),
    ],
)
def test_an_own_policy_forbids_what_the_base_permits(condition: str, more: dict, told: bool) -> None:
    found = refused(f"{FORBID} when {{ {condition} }};", **more)
    assert found == ("own forbids it: not like this" if told else None)


def test_who_operates_the_hub_may_read_personal_data_by_a_policy_only() -> None:
    policy = (
        '@id("desk") permit (principal is Person, action == Action::"read", resource == DataClass::"personal")'
        ' when { principal.roles.contains("privacy") && context.step_up };'
    )

    def classes(policies: str = policy, **more) -> frozenset[str]:
        given = {"kind": "person", "roles": frozenset({"privacy"}), "auth_time": NOW - timedelta(minutes=1)} | more
        asker = who("a:b", "operations:write", **given)
        return grant(asker, known(policies, more=""), "revealToken", now=NOW).classes

    assert classes() == OPEN | {"personal"}
    assert classes("") == OPEN
    assert classes(auth_time=NOW - timedelta(minutes=6)) == OPEN
    assert classes(roles=frozenset({"operator"})) == OPEN
    assert classes(kind="operator") == OPEN


def test_an_own_policy_permits_what_the_base_does_not() -> None:
    policies = (
        '@id("help") permit (principal, action == Action::"getOrder", resource) when { principal.roles.contains("x") };'
    )
    found = grant(who("till", roles=frozenset("x")), known(policies), "getOrder", now=NOW)
    assert "help" in found.policies
    with pytest.raises(MissingScope):
        grant(who("till"), known(policies), "getOrder", now=NOW)


REGIONS = (
    "company: 1, warehouse: 2, price_list: retail",
    "company: 1, warehouse: 2, price_list: retail, region: north",
)


@pytest.mark.parametrize(
    ("policies", "consumer", "shops"),
    [
        (
            '@id("x") forbid (principal, action == Action::"touch", resource) when { resource.region == "north" };',
            "webshop",
            {"berlin"},
        ),
        (
            '@id("x") forbid (principal, action == Action::"touch", resource) when { resource.region == "north" };',
            "till",
            set(),
        ),
        (
            '@id("x") permit (principal, action == Action::"touch", resource) when { principal.region == resource.region };',
            "idle",
            {"berlin"},
        ),
        ('@id("x") permit (principal, action == Action::"touch", resource);', "till", {"berlin", "hamburg"}),
        (
            '@id("x") forbid (principal, action == Action::"touch", resource) when { context.hour > 22 };',
            "webshop",
            None,
        ),
        (
            '@id("x") forbid (principal, action == Action::"touch", resource) unless { context.hour > 22 };',
            "webshop",
            set(),
        ),
        ('@id("x") forbid (principal, action == Action::"read", resource);', "webshop", None),
    ],
)
def test_shops_are_what_policies_say_of_each(policies: str, consumer: str, shops: set[str] | None) -> None:
    scape = known(policies + '@id("in") permit (principal, action == Action::"getOrder", resource);', REGIONS)
    assert grant(who(consumer, "orders:read"), scape, "getOrder", now=NOW).shops == shops


def test_classes_and_events_can_be_forbidden() -> None:
    policies = """
        @id("c") forbid (principal, action == Action::"read", resource == DataClass::"confidential");
        @id("e") forbid (principal, action == Action::"receive", resource) when { resource.data_class == "personal" };
    """
    landscape = known(policies)
    found = grant(who(), landscape, "getOrder", now=NOW)
    others = {event.id for event in landscape.events.values() if event.data_class != "personal"}
    assert "order.accepted" not in others
    assert (found.classes, found.event_types) == ({"public", "internal"}, others)


def test_a_policy_that_cannot_be_evaluated_refuses() -> None:
    broken = f"{FORBID} when {{ context.hour * 9223372036854775807 > 1 }};"
    assert refused(broken) == "a policy could not be evaluated"


BOX = (
    "shop: berlin, price_list: web",
    "shop: berlin, price_list: web, valid_from: 2026-11-23, valid_until: 2026-11-24",
)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC), "the access of webshop begins 2026-11-22T23:00:00Z"),
        (datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC), None),
        (datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 24, 23, 0, 0, tzinfo=UTC), "the access of webshop ended 2026-11-24T23:00:00Z"),
    ],
)
def test_a_time_box_holds_to_the_second_in_the_organisations_timezone(at: datetime, told: str | None) -> None:
    scape = known("", BOX)
    grant(who(), scape, "getOrder", now=NOW)
    if told is None:
        assert decider(scape).remembered(who(), _operation("getOrder"), at, "") is not None
    else:
        with pytest.raises(Forbidden, match=told):
            decider(scape).remembered(who(), _operation("getOrder"), at, "")
        with pytest.raises(Forbidden, match=told):
            grant(who(), scape, "getOrder", now=at)


def test_a_decision_is_remembered_with_all_that_it_depends_on() -> None:
    scape = known(f"{FORBID} when {{ context.hour > 11 }};")
    first = grant(who(), scape, "placeOrder", now=NOW)
    assert decider(scape).remembered(who(), _operation("placeOrder"), NOW, "") is first
    assert decider(scape).remembered(who(), _operation("getOrder"), NOW, "") is None
    assert decider(scape).remembered(who("webshop", "orders:write"), _operation("placeOrder"), NOW, "") is None
    later = NOW + timedelta(hours=1)
    assert decider(scape).remembered(who(), _operation("placeOrder"), later, "") is None
    with pytest.raises(Forbidden):
        grant(who(), scape, "placeOrder", now=later)
    with pytest.raises(Forbidden):
        decider(scape).remembered(who(), _operation("placeOrder"), later, "")


def _operation(name: str):
    from tillway.contracts import load

    return next(each for _, each in load().operations() if each.id == name)


def test_shops_are_told_apart_only_when_a_policy_does() -> None:
    """Policies about other actions leave the answer for all shops at once; thousands are not looked at one by one."""
    shops = "".join(
        f"  s{number}: {{name: S, connection: erp, company: 1, warehouse: 1, price_list: retail}}\n"
        for number in range(150)
    )
    about = '@id("x") forbid (principal, action == Action::"touch", resource) when { resource.region == "none" };'
    for policies, long in ((f"{FORBID} when {{ context.hour > 22 }};", False), (about, True)):
        scape = known(policies, ("shops:\n  berlin", f"shops:\n{shops}  berlin"))
        assert decider(scape).is_long(who(), NOW, "") is long
        assert not decider(scape).is_long(who("till"), NOW, "")
        found = grant(who(), scape, "placeOrder", now=NOW)
        assert found.shops is None or len(found.shops) == 152
        assert not decider(scape).is_long(who(), NOW, "")
