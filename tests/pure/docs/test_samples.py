"""What can be copied from the pages works: landscape, bodies, signature check, scripts. And numbers are the code's."""

from __future__ import annotations

import ast
import importlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.pure.docs.pages import DOCS, Fence, fences, name_of, pages
from tests.pure.docs.promises import DOCUMENTS

from tillway import subscriptions
from tillway.apis.receipts import identified
from tillway.app import hub
from tillway.connectors.odoo.cursor import OVERLAP
from tillway.contracts import OperationChecks, checker
from tillway.gateway import deadline, idempotency
from tillway.identity import OPERATOR_LIFETIME
from tillway.identity.issuing import TOKEN_LIFETIME
from tillway.journal.acting import GROUP_MAX
from tillway.journal.parking import JITTER, PARKED_SCHEDULE
from tillway.landscape import build
from tillway.postgres import LONGEST_CUT_SECONDS
from tillway.postgres.database import POOL_SIZE
from tillway.processes.place_order import SETTLED
from tillway.retail import Sale, audit_sale, parse
from tillway.subscriptions.attempts import KEPT
from tillway.subscriptions.delivery import DELIVERY_SECONDS
from tillway.subscriptions.judging import Delivered, Hold, Off, Park, judge

SOURCES = [
    pytest.param(fence, id=f"{name_of(page)} {number}")
    for page in pages()
    for number, fence in enumerate(fences(page.read_text(), "python"))
]


def only(page: str, kind: str, word: str) -> Fence:
    """The one block of a page that holds this word."""
    found = [fence for fence in fences((DOCS / page).read_text(), kind) if word in fence.text]
    assert len(found) == 1
    return found[0]


def test_the_landscape_of_the_example_holds_together() -> None:
    landscape = build({"example.yaml": only("landscape.md", "yaml", "organisation").text})
    assert (list(landscape.shops), list(landscape.consumers)) == (["harbour"], ["web-shop", "tills"])


def test_the_own_fields_of_the_example_hold_together() -> None:
    named = {"example.yaml": "organisation", "own.yaml": "extensions:"}
    landscape = build({file: only("landscape.md", "yaml", word).text for file, word in named.items()})
    assert list(landscape.own_fields["product"]) == ["shelf_life", "hazard"]


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_block_of_json_is_json(page: Path) -> None:
    for fence in fences(page.read_text(), "json"):
        json.loads(fence.text)


def body_checks(operation: str) -> Any:
    document, found = next(each for each in DOCUMENTS.operations() if each[1].id == operation)
    return OperationChecks(document, found).body


def test_the_order_of_the_example_keeps_the_contract() -> None:
    assert body_checks("placeOrder")(json.loads(only("api.md", "json", '"total"').text)) == ()


def test_the_sale_of_the_example_keeps_the_contract_and_adds_up() -> None:
    batch = json.loads(only("api.md", "json", '"sales"').text)
    assert body_checks("recordSales")(batch) == ()
    check = checker(DOCUMENTS.document("pos").content, "/components/schemas/SaleReport")
    for sent in batch["sales"]:
        assert check(sent) == ()
        assert audit_sale(parse({"id": identified(sent), **sent}, Sale)) == ()


def test_the_signature_check_of_the_example_accepts_deliveries_and_nothing_else() -> None:
    names: dict[str, Any] = {}
    exec(only("webhooks.md", "python", "def verified").text, names)
    verified, now = names["verified"], datetime.now(UTC)
    old, new = subscriptions.new_secret(), subscriptions.new_secret()
    body = b'{"id": "1"}'
    sent = dict(subscriptions.headers((new, old), "1", now, body))
    assert (verified(old, sent, body), verified(new, sent, body)) == (True, True)
    assert not verified(subscriptions.new_secret(), sent, body)
    assert not verified(old, sent, body + b" ")
    late = dict(subscriptions.headers((old,), "1", now - timedelta(minutes=6), body))
    assert not verified(old, late, body)


@pytest.mark.parametrize("fence", SOURCES)
def test_a_block_of_python_compiles_and_imports_what_exists(fence: Fence) -> None:
    for node in ast.walk(ast.parse(fence.text)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module or "")
            assert [alias.name for alias in node.names if not _has(module, alias.name)] == []


def _has(module: Any, name: str) -> bool:
    return hasattr(module, name) or importlib.util.find_spec(f"{module.__name__}.{name}") is not None


@pytest.mark.parametrize(
    ("row", "statuses", "verdict"),
    [
        ("| 2xx |", range(200, 300), Delivered),
        ("| 408, 429, 5xx, or nothing |", (408, 429, 500, 502, 503, 599), Hold),
        ("| 410 |", (410,), Off),
        ("| any other 3xx or 4xx |", (301, 302, 307, 400, 401, 404, 409, 422), Park),
    ],
)
def test_what_an_answer_means_is_what_the_page_says(row: str, statuses: Any, verdict: type) -> None:
    assert row in (DOCS / "webhooks.md").read_text()
    assert {type(judge(status)) for status in statuses} == {verdict}


SAID = (
    ("api.md", "A token lives 10 minutes", TOKEN_LIFETIME, timedelta(minutes=10)),
    ("api.md", "kept for 7 days", idempotency.KEPT, timedelta(days=7)),
    ("api.md", "after 5\nseconds answers 409", LONGEST_CUT_SECONDS, 5),
    ("api.md", "at most 30000 count, 10000 without it", (deadline.LONGEST_SECONDS, deadline.DEFAULT_SECONDS), (30, 10)),
    ("operate.md", "after 7 days, deliveries after 30", (idempotency.KEPT.days, KEPT.days), (7, 30)),
    ("operate.md", "at most every 10 seconds", hub.RESTART_SECONDS_MAX, 10),
    ("operate.md", "at most six connections: four for work", POOL_SIZE, 4),
    (
        "operate.md",
        "after 30 s, 5 min, 30 min, 2 h, 5 h, 12 h",
        [wait.total_seconds() for wait in PARKED_SCHEDULE],
        [30, 300, 1800, 7200, 18000, 43200],
    ),
    ("operate.md", "until 15 minutes\n  after that call", SETTLED, timedelta(minutes=15)),
    ("operate.md", "at most 5000 in one act", GROUP_MAX, 5_000),
    ("settings.md", "renewed every 6 hours", OPERATOR_LIFETIME / 2, timedelta(hours=6)),
    ("understand.md", "what lies ten minutes back", OVERLAP, timedelta(minutes=10)),
    ("webhooks.md", "within 15 seconds", DELIVERY_SECONDS, 15),
    ("webhooks.md", "kept for 30 days", KEPT, timedelta(days=30)),
    ("webhooks.md", "up to a tenth shorter or longer", JITTER, 0.1),
)


@pytest.mark.parametrize(("page", "words", "is_so", "said"), SAID, ids=[f"{each[0]}: {each[1]}" for each in SAID])
def test_a_number_on_a_page_is_the_codes(page: str, words: str, is_so: Any, said: Any) -> None:
    assert words in (DOCS / page).read_text()
    assert is_so == said
