"""What kept answers hold of people. The claim of a key stays, so that repeating the request has no second effect."""

from __future__ import annotations

from typing import Final

from tillway.gateway.idempotency import BODY_AT
from tillway.postgres import Column, Personal

PERSONAL: Final = Personal(
    schema="gateway",
    columns={
        ("idempotency", "body"): Column(sealed=BODY_AT, row="consumer || ' ' || key"),
        ("idempotency", "headers"): Column(),
    },
)
