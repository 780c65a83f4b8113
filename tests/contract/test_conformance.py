"""`tillway conformance`: the hub honours its own contracts and keeps pacts; providers that lie are found out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.contract.serving import served
from tests.contract.small_hub import SCOPES
from tests.pure.gateway.front_door import token
from typer.testing import CliRunner

from tillway.app import conformance
from tillway.cli import app
from tillway.errors import Misconfigured, Unavailable


@pytest.fixture(scope="module")
def base_url(filled):
    with served(filled) as url:
        yield url


@contextmanager
def provider(answer: bytes, status: int = 200, media: str = "application/json") -> Iterator[str]:
    """Somebody who always answers the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def told(*arguments: str) -> tuple[int, dict]:
    done = CliRunner().invoke(app, ["conformance", *arguments, "--json"])
    assert done.exit_code in (0, 1), done.output
    return done.exit_code, json.loads(done.stdout)


def bearer() -> str:
    return token("integrator", scopes=SCOPES)


def test_the_hub_honours_its_own_contract(base_url):
    code, document = told(base_url, "--api", "prices", "--token", bearer(), "--writes", "--seconds", "3")
    assert {each["operation"]: each["verdict"] for each in document["operations"]} == {
        "quotePrices": "honoured",
        "getPrice": "honoured",
    }
    assert (code, document["passed"], document["kind"]) == (0, True, "contract")
    assert document["provider"] == f"{base_url}/prices/v1"


def test_what_may_change_something_is_left_out_unless_it_is_wanted(base_url):
    _, document = told(base_url, "--api", "orders", "--token", bearer(), "--seconds", "3")
    assert {each["operation"]: each["verdict"] for each in document["operations"]} == {
        "amendOrder": "left-out",
        "cancelOrder": "left-out",
        "getOrder": "unproven",
        "getOrderChange": "unproven",
        "invoiceOrder": "left-out",
        "listOrders": "honoured",
        "placeOrder": "left-out",
    }
    assert document["passed"] is True


def test_refusals_alone_prove_nothing(base_url):
    _, document = told(base_url, "--api", "payments", "--token", bearer(), "--seconds", "3")
    assert {each["verdict"] for each in document["operations"]} == {"left-out", "unproven"}
    assert document["passed"] is False


@pytest.mark.parametrize(
    ("answer", "status", "media", "complaint"),
    [
        (json.dumps({"sku": 7}).encode(), 200, "application/json", "Response violates schema"),
        (b'{"sku": "TEE-CREW-S"}', 207, "application/json", "207"),
        (b"<p>all is well</p>", 200, "text/html", "Undocumented Content-Type"),
        (b"{}", 500, "application/problem+json", "Server error"),
    ],
)
def test_a_provider_that_lies_is_found_out(answer, status, media, complaint):
    with provider(answer, status, media) as url:
        code, document = told(url, "--api", "products", "--seconds", "3")
    assert (code, document["passed"]) == (1, False)
    assert {each["verdict"] for each in document["operations"]} == {"broken"}
    assert any(complaint in failure for each in document["operations"] for failure in each["failures"])


def test_nobody_there_is_said_and_not_judged():
    with provider(b"") as url:
        gone = url
    done = CliRunner().invoke(app, ["conformance", gone, "--api", "products"])
    assert isinstance(done.exception, Unavailable)


def test_a_document_of_a_partner_is_held_against_them(tmp_path: Path):
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Stock", "version": "1"},
        "servers": [{"url": "https://elsewhere.example.com/stock/v2"}],
        "paths": {
            "/levels": {
                "get": {
                    "operationId": "listLevels",
                    "responses": {
                        "200": {
                            "description": "Levels.",
                            "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}},
                        }
                    },
                }
            }
        },
    }
    file = tmp_path / "stock.yaml"
    file.write_text(json.dumps(document))
    with provider(b'["a"]') as url:
        code, found = told(url, "--document", str(file))
        assert (code, found["provider"], found["operations"][0]["verdict"]) == (0, f"{url}/stock/v2", "honoured")


@pytest.mark.parametrize(
    ("provider_url", "address"),
    [
        ("https://erp.example.com", "https://erp.example.com/stock/v2"),
        ("https://erp.example.com/", "https://erp.example.com/stock/v2"),
        ("https://erp.example.com/api/", "https://erp.example.com/api"),
    ],
)
def test_the_documents_path_is_added_where_none_is_given(provider_url, address):
    assert conformance.address_of(provider_url, {"servers": [{"url": "/stock/v2"}]}) == address


def test_what_is_no_address_is_refused():
    with pytest.raises(Misconfigured, match="not the http or https URL"):
        conformance.address_of("ftp://erp.example.com", {})


def pact(file: Path, currency: str) -> Path:
    content = {
        "consumer": {"name": "kiosk"},
        "provider": {"name": "tillway"},
        "interactions": [
            {
                "description": "a price by SKU",
                "request": {
                    "method": "GET",
                    "path": "/prices/v1/prices/TEE-CREW-S",
                    "query": {"price_list": ["list"]},
                },
                "response": {
                    "status": 200,
                    "body": {"sku": "TEE-CREW-S", "currency": currency, "amount": "1"},
                    "matchingRules": {"body": {"$.amount": {"matchers": [{"match": "regex", "regex": "^[0-9.]+$"}]}}},
                },
            },
            {
                "description": "no such product",
                "request": {"method": "GET", "path": "/prices/v1/prices/NONE"},
                "response": {"status": 404},
            },
        ],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }
    file.write_text(json.dumps(content))
    return file


def test_the_hub_keeps_a_consumers_pact(base_url, tmp_path: Path):
    code, document = told(base_url, "--pact", str(pact(tmp_path / "kiosk.json", "EUR")), "--token", bearer())
    assert [(each["description"], each["mismatches"]) for each in document["interactions"]] == [
        ("a price by SKU", []),
        ("no such product", []),
    ]
    assert (code, document["passed"], document["consumer"]) == (0, True, "kiosk")


def test_a_pact_that_asks_for_something_else_is_broken_by_name(base_url, tmp_path: Path):
    code, document = told(base_url, "--pact", str(pact(tmp_path / "kiosk.json", "CHF")), "--token", bearer())
    kept = {each["description"]: each for each in document["interactions"]}
    assert (code, document["passed"]) == (1, False)
    assert kept["no such product"]["kept"]
    assert kept["a price by SKU"]["mismatches"] == ["$.currency Expected 'EUR' (String) to be equal to 'CHF' (String)"]


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"consumer": {"name": "k"}, "interactions": []}'])
def test_what_is_no_pact_is_refused(tmp_path: Path, text: str):
    file = tmp_path / "pact.json"
    file.write_text(text)
    done = CliRunner().invoke(app, ["conformance", "http://127.0.0.1:9", "--pact", str(file)])
    assert isinstance(done.exception, Misconfigured)
