"""How often somebody may ask, and how often we ask an ERP: quotas and budgets."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StrictInt, StringConstraints, model_validator

from tillway.landscape.base import Model

# A quota that lets less than one request in a quarter of an hour is a suspension; more than this is no limit.
PER_SECOND_MIN: Final = 0.001
PER_SECOND_MAX: Final = 1_000_000.0
BURST_MAX: Final = 1_000_000
PER_DAY_MAX: Final = 10_000_000_000

# An interface by name, or all that are not named.
API_OR_ALL_PATTERN: Final = r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$"
ALL_APIS: Final = "*"

ApiOrAll = Annotated[str, StringConstraints(pattern=API_OR_ALL_PATTERN)]
PerSecond = Annotated[float, Field(ge=PER_SECOND_MIN, le=PER_SECOND_MAX)]


class Quota(Model):
    """How often a consumer may ask one interface, over all nodes together."""

    per_second: PerSecond | None = None
    """Requests a second that may go on for ever, e.g. 20 or 0.5; absent: not limited."""
    burst: Annotated[StrictInt, Field(ge=1, le=BURST_MAX)] | None = None
    """Requests at once after a quiet time; absent: those of one second."""
    per_day: Annotated[StrictInt, Field(ge=1, le=PER_DAY_MAX)] | None = None
    """Requests from midnight to midnight in the organisation's time zone; absent: not limited."""

    @model_validator(mode="after")
    def _limits_something(self) -> Quota:
        if self.per_second is None and (self.per_day is None or self.burst is not None):
            raise ValueError("a quota names per_second or per_day, and burst only with per_second")
        return self
