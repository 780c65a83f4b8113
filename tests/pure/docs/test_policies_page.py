"""The policies of the page about authorisation hold together, and decide as the tests beside them expect."""

from __future__ import annotations

from tests.pure.docs.pages import DOCS, fences
from tests.pure.landscape.sample import YAML

from tillway.identity import rehearse
from tillway.landscape import build, cases

SHOPS = """shops:
  north-harbour: {name: N, connection: erp, company: 1, warehouse: 1, price_list: retail, region: north}
  south-station: {name: S, connection: erp, company: 1, warehouse: 1, price_list: retail, region: south}
"""


def test_the_policies_of_the_page_decide_as_its_tests_expect() -> None:
    page = (DOCS / "authorisation.md").read_text()
    (policies,), (tests,) = fences(page, "cedar"), fences(page, "yaml")
    yaml = YAML.replace("shops:\n", SHOPS, 1) + "networks: {office: [10.0.0.0/8]}\n"
    landscape = build({"all.yaml": yaml, "policies/own.cedar": policies.text})
    found = rehearse(landscape, cases({"tests.yaml": tests.text}, landscape))
    assert [outcome.wrong for outcome in found.outcomes] == [""] * 4
    assert {policy.id for policy in found.untested} == {"operations-from-the-office"}
