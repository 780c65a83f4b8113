"""Every operation is bound, every example works, and every answer keeps the contract."""

from __future__ import annotations

import pytest

from tillway import apis
from tillway.contracts import load, resolve

DOCUMENTS = load()
# What is named in a path, and the code of a device, has to be there first: those are tried where that is made.
WRITING = [
    pytest.param(document, operation, id=operation.id)
    for document, operation in DOCUMENTS.operations()
    if operation.body is not None and "{" not in operation.path and not operation.public
]


def example(document, operation):
    path = operation.path.removeprefix(f"/{operation.api}/v{operation.version}").replace("/", "~1")
    node = resolve(document.content, f"/paths/{path}/{operation.method.lower()}")
    return node["requestBody"]["content"]["application/json"]["example"], {
        each for each in node["responses"] if each < "3"
    }


def test_every_operation_is_bound_and_nothing_else():
    bound = apis.bindings(
        db=None, tail=None, shelf=None, leaving=None, releases=apis.Releases(None, None, None), offices=None
    )
    assert set(bound) == {operation.id for _, operation in DOCUMENTS.operations()}


@pytest.mark.parametrize(("document", "operation"), WRITING)
async def test_an_example_works_and_works_again(hub, document, operation):
    body, statuses = example(document, operation)
    for _ in range(2):
        reply = await hub.post(operation.path, body)
        assert (str(reply.status) in statuses, reply.json.get("type")) == (True, None)


@pytest.mark.parametrize(
    "path",
    [
        "/products/v1/products",
        "/products/v1/products/TEE-CREW-S",
        "/prices/v1/prices/TEE-CREW-S",
        "/shipments/v1/shipments",
        "/events/v1/feed",
        "/promotions/v1/promotions?channel=pos",
        "/promotions/v1/promotions/main-1",
        "/operations/v1/journal",
        "/operations/v1/followers",
        "/operations/v1/parked",
        "/operations/v1/exceptions",
        "/operations/v1/health",
    ],
)
async def test_what_needs_no_more_than_a_path_answers(hub, path):
    assert (await hub.get(path)).status == 200
