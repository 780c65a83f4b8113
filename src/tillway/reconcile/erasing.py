"""What comparisons hold of people: what somebody wrote of a run or break, and what a break tells of its sides."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal

PERSONAL: Final = Personal(
    schema="reconcile",
    columns={
        ("runs", "reason"): Column(),
        ("runs", "detail"): Column(),
        ("breaks", "detail"): Column(),
        ("breaks", "fix_detail"): Column(),
        ("breaks", "note"): Column(),
        ("staged", "entry"): Column(),
    },
    about={"breaks": "key"},
)
