"""The retailer's own promises, in the landscape's directory: read, held together with the rest, and compiled."""

from __future__ import annotations

import json

import pytest
from tests.pure.landscape.sample import YAML

from tillway.landscape import InvalidLandscape, Landscape, build

DOCUMENT = """\
openapi: 3.1.0
info: {title: Gift cards, version: 1.0.0, summary: What is left on a card.}
servers:
  - url: /gift-cards/v1
paths:
  /cards/{number}:
    get:
      operationId: getGiftCard
      summary: One card
      x-tillway-scope: gift-cards:read
      x-tillway-criticality: high
      parameters:
        - {name: number, in: path, required: true, schema: {type: string, maxLength: 20}}
      responses:
        '200':
          description: The card.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Card'}
components:
  schemas:
    Card:
      type: object
      required: [number, left]
      properties:
        number: {type: string, x-data-class: internal}
        left: {type: string, x-data-class: internal}
        since: {type: string, format: date, example: 2026-01-31}
"""
SCHEMA = json.dumps({"type": "object", "properties": {"number": {"type": "string"}}}, indent=2)
ENTRIES = """
apis:
  gift-cards: {layer: system, owner: gifts, criticality: high, data_class: internal, upstream: gifts}
upstreams:
  gifts: {url: "https://gifts.example.com", owner: gifts}
events:
  card.used: {owner: gifts, data_class: internal}
"""
POLICY = """@id("no-cards-at-night")
forbid (principal, action == Action::"getGiftCard", resource) when { context.hour < 6 };
"""
FILE = "contracts/gift-cards.v1.yaml"


def built(document: str = DOCUMENT, entries: str = ENTRIES, **more: str) -> Landscape:
    return build({"a.yaml": YAML, "gifts.yaml": entries, FILE: document, **more})


def wrong(*args: str, **more: str) -> list[str]:
    with pytest.raises(InvalidLandscape) as caught:
        built(*args, **more)
    return [str(problem) for problem in caught.value.problems]


def line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_an_interface_of_ones_own_stands_beside_those_that_ship() -> None:
    found = built(**{"contracts/events/card.used.v1.json": SCHEMA}).documents
    (operation,) = found.document("gift-cards").operations
    assert (operation.id, operation.path) == ("getGiftCard", "/gift-cards/v1/cards/{number}")
    assert found.document("orders").api == "orders"
    assert found.events["card.used", 1] == json.loads(SCHEMA)


def test_its_text_counts_as_part_of_the_landscape() -> None:
    assert built().hash != built(DOCUMENT.replace("One card", "A card")).hash


def test_policies_can_speak_of_its_operations() -> None:
    found = built(**{"policies/cards.cedar": POLICY})
    assert [policy.id for policy in found.policy_set.policies][-1] == "no-cards-at-night"
    told = wrong(**{"policies/cards.cedar": POLICY.replace("getGiftCard", "getGiftCards")})
    assert "getGiftCards" in told[0]


MISTAKES = [
    ("summary: One card\n      ", "", "paths./cards/{number}.get.summary: is required", "get:"),
    ("gift-cards:read", "cards:read", "x-tillway-scope: is no scope of this interface", "cards:read"),
    ("url: /gift-cards/v1", "url: /cards/v1", "is not /gift-cards/v1", "/cards/v1"),
    ("criticality: high", "criticality: huge", "x-tillway-criticality: ", "huge"),
    ("schemas/Card'", "schemas/Cart'", "leads nowhere", "schemas/Cart"),
    ("{$ref: '#/components/schemas/Card'}", "{$ref: 'file:///etc/passwd'}", "leads nowhere", "file:///"),
    ("type: object\n", "$ref: '#/components/schemas/Card'\n", "leads nowhere", "schemas/Card'"),
    ("in: path", "in: cookie", "is not one of", "cookie"),
    ("name: number, in", "name: nummer, in", "differ in 'number'", "get:"),
    ("in: path, required: true", "in: header", "differ in 'number'", "get:"),
    ("maxLength: 20", "maxLength: -1", "cannot be compiled", "openapi"),
    ("x-data-class: internal", "x-data-class: hidden", "is no class of data", "hidden"),
    ("'200'", "200", "the key 200 is not a text (put it in quotes", "200:"),
    ("'200'", "'404'", "promises no success", "responses:"),
    ("summary: One card", "summary: One card\n      x-tillway-public: true", "x-tillway-public: ", "x-tillway-public"),
    ("operationId: getGiftCard", "operationId: getOrder", "the operationId 'getOrder' is taken", "openapi"),
    ("    get:", "    trace:", "trace: is not known here", "trace:"),
    ("    Card:\n", "    Card: &a\n      x: *a\n", "is an alias", "*a"),
    ("paths:", "paths: [", "not YAML", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says", "at"), MISTAKES, ids=[f"{says[:40]}-{new[:20]}" for _, new, says, _ in MISTAKES]
)
def test_what_is_wrong_with_a_document_is_told_with_its_line(old: str, new: str, says: str, at: str | None) -> None:
    assert old in DOCUMENT
    text = DOCUMENT.replace(old, new, 1)
    told = [each for each in wrong(text) if each.startswith(FILE)]
    assert says in told[0], told
    if at is not None:
        assert told[0].startswith(f"{FILE}:{line(text, at)}: "), told


def test_a_document_and_its_entry_belong_together() -> None:
    assert "no document says what it promises" in wrong(entries=ENTRIES.replace("gift-cards:", "vouchers:"))[-1]
    (told,) = wrong(entries=ENTRIES.replace(", upstream: gifts", ""))
    assert told.startswith(f"{FILE}:1: apis.gift-cards has a document of its own and no upstream that answers it (")
    (told,) = wrong(entries=ENTRIES.replace("upstream: gifts", "upstream: gift"))
    assert "there is no upstream 'gift' (did you mean gifts?)" in told
    (told,) = wrong(entries=ENTRIES.replace("upstream: gifts", "upstream: gifts, versions: {v2: {}}"))
    assert "apis.gift-cards has no version v1" in told


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("contracts/orders.v1.yaml", "this name is one of Tillway's own"),
        ("contracts/health.v1.yaml", "this name is one of Tillway's own"),
        ("contracts/cards.yaml", "this name says not what it holds"),
        ("contracts/events/sale.recorded.v1.json", "this name is one of Tillway's own"),
        ("contracts/events/card.lost.v1.json", "the event type 'card.lost' is not declared"),
    ],
)
def test_a_file_is_named_for_what_it_holds(file: str, says: str) -> None:
    text = SCHEMA if file.endswith("json") else DOCUMENT
    assert any(each.startswith(f"{file}:1: {says}") for each in wrong(**{file: text}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n"type": }', "card.used.v1.json:2: not JSON"),
        ("[]", "a schema is a mapping"),
        ('{"type": "objekt"}', "not a JSON Schema"),
        ('{"$ref": "https://example.com/x.json"}', "leads nowhere"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_schema_is_told(text: str, says: str) -> None:
    (told,) = wrong(**{"contracts/events/card.used.v1.json": text})
    assert says in told


def test_findings_of_documents_and_of_entries_come_at_once() -> None:
    told = wrong(DOCUMENT.replace("gift-cards:read", "x:read"), ENTRIES.replace("class: internal", "class: hidden"))
    assert len(told) == 3
