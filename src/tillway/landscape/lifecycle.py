"""The life of an interface: its major versions side by side, from draft to retired, with what follows each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tillway.landscape.base import Model
from tillway.landscape.values import Moment

# More than this many majors at once is not versioning any more.
VERSIONS_MAX = 10
# Rehearsals of a retirement, each some minutes; more are an outage.
BROWNOUTS_MAX = 20

Lifecycle = Literal["draft", "published", "deprecated", "retired", "blocked"]
Version = Annotated[str, StringConstraints(pattern=r"^v[1-9][0-9]{0,3}$")]
Successor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}/v[1-9][0-9]{0,3}$")]
# An operation and the dotted path of a member of what it takes or answers.
FieldPath = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]*:[A-Za-z0-9_.\[\]-]{1,200}$")]


class Brownout(Model):
    """A rehearsal of a retirement: between two moments the version answers as if it were retired."""

    begins: Moment
    """From when on, a moment with its zone."""
    ends: Moment
    """Until when, a moment with its zone."""


class FieldDeprecation(Model):
    """A member that is not to be used any more."""

    deprecated: date
    """Since which day."""
    sunset: date | None = None
    """The day from which on it may be gone."""
    successor: str | None = None
    """What to use instead, in a few words."""


class ApiVersion(Model):
    """One major version of an interface."""

    lifecycle: Lifecycle = "published"
    """draft (only who is named in `testers` may call), published, deprecated, retired (410) or blocked (403)."""
    deprecated: date | None = None
    """The day it was deprecated; told in the `Deprecation` header."""
    sunset: date | None = None
    """The day from which on it may be gone; told in the `Sunset` header."""
    successor: Successor | None = None
    """What to use instead, e.g. orders/v2."""
    testers: tuple[str, ...] = ()
    """Consumers that may call it while it is a draft."""
    brownouts: Annotated[tuple[Brownout, ...], Field(max_length=BROWNOUTS_MAX)] = ()
    """Rehearsals of its retirement."""
    fields: Mapping[FieldPath, FieldDeprecation] = Field(default_factory=dict)
    """Members that are not to be used any more, e.g. `getOrder:lines.note`."""


Versions = Annotated[Mapping[Version, ApiVersion], Field(min_length=1, max_length=VERSIONS_MAX)]


def first_version() -> dict[str, ApiVersion]:
    """What an interface offers that says nothing of versions."""
    return {"v1": ApiVersion()}
