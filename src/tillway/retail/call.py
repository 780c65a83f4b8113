"""Call: what accompanies every question to the outside world, so that it can be ordered, cut off and found again."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Instant, Reference
from tillway.retail.word import Word


class Criticality(IntEnum):
    """How much a shop suffers from waiting; the smaller number goes first when the far side is short of room."""

    CRITICAL = 0
    """A customer stands at the counter or the checkout."""
    HIGH = 1
    """Sold work that must be booked."""
    NORMAL = 2
    """Keeping what we know fresh."""
    LOW = 3
    """Whole loads, reports, comparisons."""


class Call(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of one call to the outside."""

    criticality: Annotated[Criticality, classed(DataClass.INTERNAL)]
    """Its place in the queue."""
    deadline: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When nobody waits for the answer any more; the call is then given up."""
    correlation: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The id that ties together all that one business transaction causes."""
    reference: Annotated[Reference, classed(DataClass.INTERNAL)]
    """Our id of the thing called about: what an unknown outcome is looked up by."""
    company: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the company on whose behalf we ask."""
