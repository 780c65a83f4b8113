"""What identity holds of people: why somebody acted, in their words."""

from __future__ import annotations

from typing import Final

from tillway.identity.people.sessions import ABOUT_AT
from tillway.identity.signing import PRIVATE_AT
from tillway.postgres import Column, Personal

PERSONAL: Final = Personal(
    schema="identity",
    columns={
        ("restrictions", "reason"): Column(),
        ("enrolments", "reason"): Column(),
        ("offboardings", "reason"): Column(),
        ("sessions", "about"): Column(mend="null", sealed=ABOUT_AT),
        ("signing_keys", "private_jwk"): Column(mend="none", sealed=PRIVATE_AT, row="kid"),
    },
)
