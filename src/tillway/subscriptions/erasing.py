"""What subscriptions hold of people: bodies are never kept. An address that names somebody is its owner's to change."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal
from tillway.subscriptions.subscription import SECRETS_AT

PERSONAL: Final = Personal(
    schema="subscriptions",
    columns={
        ("subscriptions", "secrets"): Column(mend="none", sealed=SECRETS_AT, row="id"),
        ("subscriptions", "reason"): Column(),
        ("deliveries", "failure"): Column(),
    },
)
