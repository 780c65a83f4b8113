"""What the audit holds of people. The chain holds the salted digest alone, so it verifies without the personal part."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal

# What waits for the sealer is erased once it is sealed, within a second.
PERSONAL: Final = Personal(
    schema="audit",
    columns={("entries", "personal"): Column(mend="null", also=("salt",))},
    about={"entries": "subject"},
)
