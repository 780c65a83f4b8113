"""What the inbox holds of people: nothing on purpose; who looks for a person looks here all the same."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Personal

PERSONAL: Final = Personal(schema="inbox")
