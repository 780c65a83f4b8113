"""What governance holds of people: why somebody proposed, voted or reviewed, in their words.

Releases and their texts stay as they were signed: names in them are those of owners, in the retailer's own files.
"""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal

PERSONAL: Final = Personal(
    schema="governance",
    columns={
        ("changes", "reason"): Column(),
        ("changes", "evidence"): Column(),
        ("changes", "review_note"): Column(),
        ("votes", "reason"): Column(),
        ("activations", "error"): Column(),
        ("readiness", "error"): Column(),
        ("nodes", "error"): Column(),
        ("files", "error"): Column(),
    },
)
