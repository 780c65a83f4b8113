"""What processes hold of people: nothing by design, and what a far side said of them."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal

PERSONAL: Final = Personal(
    schema="processes",
    columns={
        ("instances", "data"): Column(),
        ("instances", "exception_detail"): Column(),
        ("instances", "correlation"): Column(),
        ("instances", "causation"): Column(),
        ("transitions", "detail"): Column(),
    },
    about={"instances": "subject", "transitions": "instance::text"},
)
