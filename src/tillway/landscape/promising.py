"""What the business may rely on: service levels, how fresh each domain is, and who ends what is stuck."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints, model_validator

from tillway.landscape.base import Entry, Model, SecretRef
from tillway.landscape.values import Id, Text, Url

# Nine nines are nobody's promise.
TARGET_MAX = 0.9999999
# A promise over less than a day is an alert, over more than a quarter it is forgotten.
WINDOW_DAYS_MAX = 92
# A flow that may be older than a month is an archive.
STALENESS_SECONDS_MAX = 31 * 86_400.0
# An upstream that may take longer is asked by a process, not by a request.
TIMEOUT_SECONDS_MAX = 30.0

# A comparison more often than every minute is a cursor; one less often than a month is forgotten.
EVERY_SECONDS_MIN = 60.0
# One question of a busy system each: a thousand of them take it half a minute.
SAMPLE_MAX = 1_000

Mode = Literal["synchronous", "event", "micro-batch", "batch"]
Seconds = Annotated[float, Field(gt=0, le=STALENESS_SECONDS_MAX)]


class ServiceLevel(Entry):
    """A promise about one interface; the catalogue gives it as an OpenSLO document."""

    name: Text
    """Name as people know it."""
    api: Id
    """The interface it is about."""
    indicator: Literal["availability", "latency"]
    """What is measured: answers that are no fault of ours, or answers within the threshold."""
    target: Annotated[float, Field(gt=0, le=TARGET_MAX)]
    """The share of good answers that is promised, e.g. 0.999."""
    threshold_seconds: Seconds | None = None
    """For latency: how long a good answer may take."""
    window_days: Annotated[StrictInt, Field(ge=1, le=WINDOW_DAYS_MAX)] = 28
    """Over how many days, rolling."""

    @model_validator(mode="after")
    def _threshold_of_latency(self) -> ServiceLevel:
        if (self.indicator == "latency") != (self.threshold_seconds is not None):
            raise ValueError("threshold_seconds belongs to latency, and latency needs one")
        return self


class Flow(Model):
    """How one use of a domain's data travels, and why that is good enough."""

    mode: Mode
    """synchronous (asked while somebody waits), event, micro-batch or batch."""
    staleness_seconds: Seconds | None = None
    """How old what is used may be; absent for what is asked synchronously."""
    reason: Text
    """Why this and not faster or slower."""


class Domain(Entry):
    """A subject of the business, e.g. inventory, with the freshness that each use of it needs."""

    owner: Text
    """Who answers for its meaning and its quality."""
    flows: Mapping[Id, Flow] = Field(default_factory=dict)
    """Its flows by id, e.g. promises, reconciliation."""


class ProcessEntry(Entry):
    """Who answers for a process, and until when its instances must have ended."""

    owner: Text
    """Who answers for its exceptions."""
    deputy: Text | None = None
    """Who answers when the owner is away."""
    deadline_seconds: Seconds | None = None
    """How long an instance may take before it is late."""


class Upstream(Entry):
    """A service of the retailer's own that answers an interface which Tillway governs."""

    url: Url
    """Base URL; the path of the operation is added to it."""
    owner: Text
    """Who answers for it."""
    key: SecretRef | None = None
    """What it knows the hub by, sent as a bearer token: {env: NAME} or {file: path}."""
    timeout_seconds: Annotated[float, Field(gt=0, le=TIMEOUT_SECONDS_MAX)] = 5.0
    """How long it may take to answer."""


class MappingEntry(Entry):
    """A translation between somebody's words and ours, as a JSONata file in `mappings/`."""

    file: Annotated[str, StringConstraints(pattern=r"^mappings/[A-Za-z0-9._-]{1,100}\.jsonata$")]
    """The file, e.g. mappings/marketplace-order.jsonata."""
    owner: Text
    """Who answers for it."""
    source: Text
    """Whose words it reads, e.g. the marketplace's order export."""
    target: Text
    """Our word that it makes, e.g. order."""


class ReconcileEntry(Entry):
    """How one domain is compared with the back office, and what is done about a difference."""

    id: Literal["orders", "sales", "prices", "stock", "customers"]
    owner: Text
    """Who answers for its breaks."""
    every_seconds: Annotated[float, Field(ge=EVERY_SECONDS_MIN, le=STALENESS_SECONDS_MAX)] | None = None
    """Seconds between two comparisons; absent: only when somebody asks."""
    cut_off_seconds: Annotated[float, Field(ge=0, le=STALENESS_SECONDS_MAX)] = 900.0
    """How long something may be on its way before its absence is a break."""
    window_seconds: Seconds = 7 * 86_400.0
    """How far back a comparison looks that nobody gave a beginning."""
    tolerance: Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6)] = Decimal(0)
    """By how much amounts may differ."""
    fix: Literal["none", "take-theirs", "re-send"] = "none"
    """What is done without a person: nothing, read theirs again, or send ours again."""
    sample: Annotated[StrictInt, Field(ge=1, le=SAMPLE_MAX)] = 50
    """Of what the back office is asked one by one (prices), how many."""

    @model_validator(mode="after")
    def _fix_of_its_kind(self) -> ReconcileEntry:
        allowed = {"orders": "re-send", "sales": "re-send"}.get(self.id, "take-theirs")
        if self.fix not in {"none", allowed}:
            raise ValueError(f"{self.id} can be put right by none or {allowed}")
        return self
