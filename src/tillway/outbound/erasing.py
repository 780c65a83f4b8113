"""What the governor holds of people: keys of what is being changed, for as long as a call takes."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Personal

PERSONAL: Final = Personal(schema="outbound")
