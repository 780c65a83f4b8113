from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.landscape.sample import YAML, problems, sample, spoiled

from tillway.landscape import InvalidLandscape, Mark, build


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# What is written wrong -> what the operator reads. One mistake, one finding.
MISTAKES = [
    # fields and sections
    ("database: nordwind", "databse: nordwind, database: x", "connections.erp.databse: unknown field (did you mean database?)"),
    ("outbound:", "outbond:", "outbond: unknown section (did you mean outbound?)"),
    ("{cash: 1, card: 2}", "{cash: 1, cards: 2}", "shops.berlin.tender_methods.cards: this name cannot be used"),
    ("    owner: e-commerce\n", "", "consumers.webshop.owner: is missing (Who answers for it.)"),
    ("name: Nordwind, ", "", "organisation.name: is missing (Name of the retailer.)"),
    ("  webshop-orders:", "  webshop orders:", "subscriptions.webshop orders: this name cannot be used"),
    # values
    ("partner: 7", 'partner: "7"', "customers.walk-in.partner: input should be a valid integer (Id of the partner in Odoo.)"),
    ("partner: 7", "partner: 0", "customers.walk-in.partner: input should be greater than 0"),
    ("partner: 7", "partner: true", "customers.walk-in.partner: input should be a valid integer"),
    ("odoo: 3", "odoo: three", "price_lists.web.odoo: neither `list` nor the positive id of a pricelist"),
    ("odoo: 3", "odoo: true", "price_lists.web.odoo: neither `list` nor the positive id of a pricelist"),
    ('shops: "*"', "shops: all", 'consumers.webshop.shops: neither "*" nor a list of names'),
    ("timezone: Europe/Berlin", "timezone: Europe/Berln", "'Europe/Berln' is not an IANA time zone"),
    ("timezone: Europe/Berlin", "timezone: ../etc/passwd", "is not an IANA time zone"),
    ("currency: GBP", "currency: Pound", "shops.london.currency: string should match pattern"),
    ("https://erp.example.com", "ftp://erp.example.com", "connections.erp.url: not an http or https URL with a host"),
    ("https://erp.example.com", "https://a:b@erp.example.com", "connections.erp.url: credentials do not belong into a URL"),
    ("{env: OTHER_KEY}", "{env: A, file: b}", "connections.other.key: a secret is either {env: NAME}, {file: path} or {vault: path}"),
    ("{env: OTHER_KEY}", "{}", "connections.other.key: a secret is either {env: NAME}, {file: path} or {vault: path}"),
    ("{env: OTHER_KEY}", "abc", "connections.other.key: should be a mapping"),
    ("kind: machine", "kind: robot", "consumers.webshop.kind: input should be 'machine', 'device', 'person' or 'agent'"),
    ("2027-06-30", "soon", "consumers.webshop.review: "),
    ("10.0.0.0/8", "10.0.0.1/8", "outbound.allow_networks[0]: 10.0.0.1/8 has host bits set"),
    ("layer: system, owner: sales-it", "layer: top, owner: sales-it", "apis.orders.layer: input should be"),
    ("kind: webhook", "kind: smtp", "subscriptions.webshop-orders.delivery.kind: input should be 'webhook'"),
    ("  erp: {kind", "  erp: ~\n  erp2: {kind", "connections.erp: should be a mapping"),
    # references
    ("connection: erp, odoo: list", "connection: epr, odoo: list", "price_lists.retail.connection: there is no connection 'epr' (did you mean erp?)"),
    ("connection: erp, partner", "connection: x, partner", "customers.walk-in.connection: there is no connection 'x' (known are: erp, other)"),
    ("    connection: erp\n", "    connection: x\n", "shops.berlin.connection: there is no connection 'x'"),
    ("price_list: retail", "price_list: retial", "shops.berlin.price_list: there is no price list 'retial' (did you mean retail?)"),
    ("price_list: retail", "price_list: foreign", "shops.berlin.price_list: 'foreign' lives behind the connection 'other', 'berlin' books through 'erp'"),
    ("price_list: web", "price_list: foreign", "consumers.webshop.price_list: 'foreign' lives behind"),
    ("customer: walk-in", "customer: stranger", "consumers.webshop.customer: 'stranger' lives behind"),
    ("customer: walk-in", "customer: nobody", "consumers.webshop.customer: there is no customer 'nobody'"),
    ("shop: london", "shop: paris", "consumers.till.shop: there is no shop 'paris'"),
    ("shop: london", "shops: [paris]", "consumers.till.shops[0]: there is no shop 'paris'"),
    ("shop: london", "shop: london\n    shops: [berlin]", "consumers.till.shops: its own shop 'london' is not among its shops"),
    ("    shop: london\n", "", "consumers.till.shops: it is not said whose data it may touch"),
    ('"orders:read", ', '"weather:read", ', "consumers.webshop.scopes[0]: there is no interface 'weather'"),
    ('"orders:read", ', '"orders:delete", ', "consumers.webshop.scopes[0]: string should match pattern"),
    ('"orders:read", ', '"orders:write", ', "consumers.webshop.scopes[1]: 'orders:write' stands twice"),
    ("event_types: [order.accepted]", "event_types: [order.accepted, order.acepted]", "consumers.webshop.event_types[1]: there is no event type 'order.acepted'"),
    ("    types: [order.accepted]", "    types: [order.lost]", "subscriptions.webshop-orders.types[0]: there is no event type 'order.lost'"),
    ("    types: [order.accepted]", "    types: [price.changed]", "the consumer 'webshop' may not receive 'price.changed' (add it to webshop's event_types)"),
    ("consumer: webshop", "consumer: webshoop", "subscriptions.webshop-orders.consumer: there is no consumer 'webshoop' (did you mean webshop?)"),
    ("  till:\n", "  operator:\n", "consumers.operator: this name is kept for operators' tokens"),
    ("    tender_methods: {cash: 1, card: 2}\n", "", "shops.berlin.tender_methods: the shop has tills and no tender methods"),
    ("pos_config: 2", "pos_config: 1", "shops.berlin.tills.berlin-2.pos_config: the till 'berlin-1' has the same point of sale 1 in Odoo"),
    (
        "currency: GBP}",
        "currency: GBP, tills: {berlin-1: {pos_config: 9}}, tender_methods: {cash: 1}}",
        "shops.london.tills.berlin-1: the till 'berlin-1' stands in the shop 'berlin' too",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES, ids=[says[:60] for _, _, says in MISTAKES])
def test_one_mistake_is_one_finding_that_says_where_and_what(old: str, new: str, says: str) -> None:
    found = problems(spoiled((old, new)))
    assert len(found) == 1, found
    assert says in found[0]
    assert found[0].startswith("a.yaml:")


def test_the_sample_holds_together() -> None:
    assert sample().organisation.name == "Nordwind"


def test_all_findings_come_at_once_and_in_the_order_of_the_file() -> None:
    text = spoiled(
        ("odoo: 3", "odoo: x"),
        ("price_list: retail", "price_list: retial"),
        ("kind: machine", "kind: robot"),
        ("outbound:", "inbound:"),
    )
    found = problems(text)
    assert [finding.split(": ")[1] for finding in found] == [
        "price_lists.web.odoo",
        "shops.berlin.price_list",
        "consumers.webshop.kind",
        "inbound",
    ]
    assert [int(finding.split(":")[1]) for finding in found] == [
        line_of(text, part) for part in ("odoo: x", "price_list: retial", "kind: robot", "inbound:")
    ]


def test_a_reference_to_a_broken_entry_is_not_told_as_a_second_mistake() -> None:
    (finding,) = problems(spoiled(("odoo: 3", "odoo: x")))
    assert finding.startswith("a.yaml:7: price_lists.web.odoo: neither `list` nor the positive id of a pricelist (")


def test_who_may_ask_for_events_must_say_which() -> None:
    text = spoiled(
        ("    event_types: [order.accepted]\n", ""),
        ("    types: [order.accepted]", "    types: [price.changed]"),
    )
    assert [finding.split(": ", 1)[1] for finding in problems(text)] == [
        'consumers.webshop.event_types: may ask for events and is allowed none (list the event types it may receive, or "*")',
        "subscriptions.webshop-orders.types[0]: the consumer 'webshop' may not receive 'price.changed' (add it to webshop's event_types)",
    ]


def test_the_value_of_a_wrong_field_is_not_repeated() -> None:
    found = problems(spoiled(("{env: OTHER_KEY}", "S3cr3tValue")))
    assert "S3cr3tValue" not in found[0]


def test_sections_may_be_spread_over_files() -> None:
    shops = YAML[YAML.index("shops:\n") : YAML.index("apis:\n")]
    berlin, london = shops.split("  london:")
    rest = YAML.replace(shops, "")
    assert build({"1.yaml": rest, "2.yaml": berlin, "3.yaml": f"shops:\n  london:{london}"}).hash == sample().hash


def test_the_same_id_in_two_files_is_a_finding_that_names_both() -> None:
    with pytest.raises(InvalidLandscape) as caught:
        build({"a.yaml": YAML, "b.yaml": "events:\n  price.changed: {owner: x, data_class: public}\n"})
    assert [str(problem) for problem in caught.value.problems] == [
        f"b.yaml:2: events.price.changed: stands twice (first in a.yaml:{line_of(YAML, '  price.changed')}; keep one)"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [\n", "a.yaml:2: not YAML"),
        ("- a\n", "a.yaml:1: a landscape file is a mapping of sections"),
        ("events:\n  1: {}\n", 'a.yaml:2: events: the key 1 is not a text (put it in quotes: "1")'),
        ("events:\n  no: {}\n", 'the key no is not a text (put it in quotes: "no")'),
        ("events: {}\nevents: {}\n", "a.yaml:2: events: stands twice (first in a.yaml:1; keep one)"),
        ("events: &a {}\nshops: *a\n", "shops: is an alias or nested too deeply"),
        ("events: {<<: {}}\n", "the key << is not a text (write the fields out)"),
        (
            "events: !!python/object:os.system {}\n",
            "events: the tag tag:yaml.org,2002:python/object:os.system is not read",
        ),
        ("events: !!python/name:os.system\n", "events: could not determine a constructor"),
        ("a: " + "[" * 500 + "]" * 500, "is an alias or nested too deeply"),
        ("a: \x00", "not YAML"),
        ("a: 2027-13-45\n", "a: is not a value YAML can hold"),
        ("", "organisation: is missing"),
    ],
)
def test_odd_yaml_is_told_like_any_other_mistake(text: str, says: str) -> None:
    assert any(says in finding for finding in problems(text)), problems(text)


def test_a_finding_carries_its_place_as_data() -> None:
    with pytest.raises(InvalidLandscape) as caught:
        build({"a.yaml": spoiled(("pos_config: 2", "pos_config: x"))})
    (problem,) = caught.value.problems
    assert problem.path == ("shops", "berlin", "tills", "berlin-2", "pos_config")
    assert problem.mark == Mark("a.yaml", line_of(YAML, "pos_config: 2"))
    assert caught.value.next == "stop"
    assert str(caught.value).startswith("the landscape has 1 error\n  a.yaml:")


def test_a_long_list_of_findings_is_cut_in_the_text_only() -> None:
    text = "events:\n" + "".join(f"  e.x{number}: {{owner: a}}\n" for number in range(60))
    with pytest.raises(InvalidLandscape) as caught:
        build({"a.yaml": text})
    assert len(caught.value.problems) == 61
    assert str(caught.value).endswith("and 11 more")


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["*", "[a, b]", "{x: 1}"])
)


@given(st.integers(0, YAML.count("\n") - 1), st.integers(0, 80), SCALARS)
def test_whatever_stands_anywhere_reads_or_is_a_finding(line: int, column: int, scalar: object) -> None:
    lines = YAML.splitlines()
    lines[line] = lines[line][:column] + str(scalar) + lines[line][column + 3 :]
    with contextlib.suppress(InvalidLandscape):
        build({"a.yaml": "\n".join(lines)})
