"""What ships keeps the house rules, or says why not: the documents, the base landscape, and the demo's draft."""

from __future__ import annotations

from datetime import date

import pytest
from tests.pure.governance.rules.examples import SHIPPED, TODAY

from tillway.app.drafting import Wanted, draft
from tillway.connectors.odoo import Survey, TillFound
from tillway.contracts import load
from tillway.governance.rules import RULES, Subject, check, subject
from tillway.governance.rules.waiving import matches
from tillway.identity import rehearse
from tillway.landscape import Marks, Waiver, build, build_marked, cases, dotted

OPERATIONS = "contracts.operations.v1.yaml"

# Rule, place, reason. What nobody needs any more is told as well.
WAIVED = (
    (
        "list-not-paginated",
        OPERATIONS,
        "the hub's own state is told whole: each list is bounded by a limit of its room",
    ),
    ("list-not-paginated", "contracts.taxes.v1.yaml.paths./taxes*", "a company charges a few dozen taxes"),
    (
        "list-not-paginated",
        "contracts.promotions.v1.yaml",
        "programmes are a few dozen, and count together in their order",
    ),
    ("list-not-paginated", "contracts.payments.v1.yaml.paths./orders*", "an order is paid in a few parts"),
    ("path-style", "contracts.returns.v1.yaml.paths./sold*", "what was sold is a mass noun"),
    ("path-style", f"{OPERATIONS}.paths./parked*", "parked work is a mass noun"),
    ("path-style", f"{OPERATIONS}.paths./sales/quarantined*", "the sales that are quarantined: a part of the sales"),
    ("path-style", f"{OPERATIONS}.paths./masked*", "what is masked is a mass noun"),
    ("id-countable", f"{OPERATIONS}.paths./parked*", "a position of the journal; operators see all of it anyway"),
    ("id-countable", f"{OPERATIONS}.paths./releases*", "releases are counted; operators see all of them anyway"),
    ("credential-in-url", f"{OPERATIONS}.paths./masked*", "a token that stands for a masked value opens nothing"),
    ("idempotency-missing", "contracts.devices.v1.yaml", "an enrolment is spent once; a repeat is answered 409"),
    ("idempotency-missing", f"{OPERATIONS}.paths./enrolments", "a repeat makes another enrolment that ends unused"),
    (
        "idempotency-missing",
        f"{OPERATIONS}.paths./masked*",
        "revealing changes nothing; each one is audited on purpose",
    ),
    ("idempotency-missing", f"{OPERATIONS}.paths./erasures", "who is erased twice is erased"),
    (
        "moment-without-format",
        f"{OPERATIONS}.components.schemas.TransactionTrace*",
        "late_at names a stage, not a time",
    ),
    ("request-open", "contracts.pos.v1.yaml.components.schemas.SaleBatch", "a fact is kept whatever stands beside it"),
    ("request-unbounded", "contracts.pos.v1.yaml.components.schemas.SaleBatch", "a batch is bounded by its bytes"),
    ("request-unbounded", f"{OPERATIONS}.components.schemas.ChangeProposal", "files are bounded by the body's bytes"),
)
WAIVERS = [
    Waiver(rule=rule, path=path, reason=reason, owner="tillway", expires=date(2099, 1, 1))
    for rule, path, reason in WAIVED
]


@pytest.fixture(scope="module")
def found() -> list[tuple[str, str, str]]:
    """What the rules say of the shipped documents and the base landscape."""
    landscape = build({"a.yaml": "organisation: {name: N, currency: EUR, timezone: UTC}"})
    asked = Subject(
        landscape=landscape, documents=load(), shipped=SHIPPED, contracts=tuple(SHIPPED.values()), today=TODAY
    )
    told = [(rule.id, dotted(each.path), each.text) for rule in RULES.values() for each in rule.check(asked)]
    # Who answers, what is promised and who may call is the retailer's to say.
    theirs = {"owner-unknown", "service-level-missing", "critical-without-latency", "critical-without-deputy"}
    theirs |= {"steward-missing", "scope-nobody-holds", "domain-without-flow"}
    return [each for each in told if each[0] not in theirs]


def test_what_ships_keeps_the_rules_or_says_why_not(found):
    left = [each for each in found if not any(matches(waiver, each[0], each[1]) for waiver in WAIVERS)]
    assert left == []


def test_no_excuse_outlives_what_it_was_for(found):
    idle = [each.path for each in WAIVERS if not any(matches(each, rule, path) for rule, path, _ in found)]
    assert idle == []


def test_the_demos_landscape_is_clean_or_waived_with_reasons():
    surveyed = Survey(
        companies={1: ("Larkfield", "EUR")},
        warehouses={1: ("Harbour", 1)},
        price_lists={1: "Store prices"},
        tills=(TillFound(config=1, name="Till", company=1, warehouse=1, methods={"cash": 1}),),
        customer=4,
    )
    wanted = Wanted(
        url="http://127.0.0.1:8069",
        database="demo",
        allow_writes=True,
        subscriber_url="http://127.0.0.1:9/hook",
        sign_in_url="http://127.0.0.1:8069/sign-in",
    )
    drafted = draft(surveyed, wanted, year=2026)
    texts = {**drafted.kept, **drafted.volatile}
    tests = {name: texts.pop(name) for name in list(texts) if name.startswith("policies/tests/")}
    landscape, marks = build_marked(texts)
    assert marks != Marks()
    for today in (date(2026, 1, 1), date(2026, 12, 31)):
        report = check(subject(landscape, load(), today, rehearse(landscape, cases(tests, landscape))), marks)
        assert [f"{each.rule} {each.where}: {each.text}" for each in report.findings] == []
    assert len(report.waived) > len(landscape.governance.waivers)
