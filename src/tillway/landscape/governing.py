"""How the landscape itself is governed: who answers, who decides, when nothing changes, and what is waived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictInt, StringConstraints

from tillway.landscape.base import Entry, Model
from tillway.landscape.values import Criticality, Id, Moment, Text, named

# A board that needs more voices than this never decides.
QUORUM_MAX = 10
# An after-review that may wait longer is none.
REVIEW_HOURS_MAX = 24 * 31
# A review that is years late is no grace any more.
GRACE_DAYS_MAX = 3 * 366
# What is waived longer than this is the rule.
WAIVERS_MAX = 1_000

# What kinds of change there are; each has a row in docs/governance.md.
ChangeKind = Literal[
    "contract", "lifecycle", "rights", "policy", "quota", "connection", "shop", "event", "service-level", "governance"
]
Verdict = Literal["same", "additive", "breaking"]
Days = Annotated[StrictInt, Field(ge=0, le=GRACE_DAYS_MAX)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,63}$")]


class Defaults(Model):
    """Who answers for what no entry says it of."""

    owner: Text | None = None
    """Owner of interfaces, events, domains and processes that name none; absent: of Tillway's own, the organisation."""
    deputy: Text | None = None
    """Deputy of interfaces and processes that name none."""


class Team(Entry):
    """People who answer for something, under the name that `owner`, `deputy` and `steward` use."""

    name: Text
    """Name as people know it."""
    contact: Text
    """Where they are reached in office hours: an address or a URL."""
    on_call: Text | None = None
    """Where they are reached at night; needed to own what is critical."""


class Region(Entry):
    """Shops under one law and one management."""

    name: Text
    """Name as people know it."""
    residency: Text | None = None
    """Where its people's data must stay, e.g. EU."""


class Board(Entry):
    """Who votes on changes."""

    name: Text
    """Name as people know it."""
    roles: Annotated[tuple[Id, ...], Field(min_length=1)]
    """People with one of these roles vote for it."""
    quorum: Annotated[StrictInt, Field(ge=1, le=QUORUM_MAX)] = 1
    """How many of them must agree; never whoever proposed it."""


class ApprovalRule(Model):
    """Which boards must agree: those of every rule that matches, each once."""

    boards: Annotated[tuple[Id, ...], Field(min_length=1)]
    """The boards that must agree."""
    verdicts: tuple[Verdict, ...] = ("additive", "breaking")
    """The change is one of these."""
    criticalities: tuple[Criticality, ...] = ("critical", "high", "normal", "low")
    """What it touches is one of these."""
    kinds: tuple[ChangeKind, ...] | None = None
    """The change is of one of these kinds; absent: of any."""


class Freeze(Model):
    """A time in which nothing is published, but a rollback or an emergency."""

    begins: Moment
    """From when on: a moment with its zone, or a day in the organisation's timezone."""
    ends: Moment
    """Until when; a day counts whole."""
    reason: Text
    """Why, e.g. the week of Black Friday."""


class Emergency(Model):
    """The short way, and the review that it owes."""

    boards: tuple[Id, ...] = ()
    """The boards that must agree; none: one other person with the right to approve."""
    review_within_hours: Annotated[StrictInt, Field(ge=1, le=REVIEW_HOURS_MAX)] = 72
    """How long the after-review may take before it is a finding."""


class Reviews(Model):
    """What happens to a consumer whose rights were not looked at again in time. Selling is never stopped by it."""

    warn_after_days: Days = 0
    """Its answers say so, and `tillway doctor` and `tillway check` name it."""
    throttle_after_days: Days = 30
    """It gets a tenth of its quota for what is not critical."""
    suspend_after_days: Days = 90
    """It gets nothing any more but what is critical to selling."""


class Waiver(Model):
    """A house rule that does not count at one place, for a time."""

    rule: RuleId
    """Id of the rule."""
    path: Text
    """Where, e.g. apis.orders or consumers.*"""
    reason: Text
    """Why."""
    owner: Text
    """Who answers for it."""
    expires: date
    """The day from which on the rule counts again."""


class Governance(Model):
    """How changes of this landscape are decided."""

    boards: Annotated[Mapping[Id, Board], BeforeValidator(named)] = Field(default_factory=dict)
    """Who votes on changes, by id; none: one person other than whoever proposed it."""
    approvals: tuple[ApprovalRule, ...] = ()
    """Which boards must agree to what."""
    freezes: tuple[Freeze, ...] = ()
    """Times in which nothing is published."""
    emergency: Emergency = Emergency()
    """The short way."""
    reviews: Reviews = Reviews()
    """What follows an overdue review of a consumer."""
    waivers: Annotated[tuple[Waiver, ...], Field(max_length=WAIVERS_MAX)] = ()
    """House rules that do not count at one place, for a time."""
