"""What boards decide: house rules as code, change requests, releases, and their way to every node."""

from __future__ import annotations

from tillway.governance import changes, drift, publishing, releases
from tillway.governance.bundles import Read, Texts, landscape_of, tests_of
from tillway.governance.change import (
    Accepted,
    Change,
    Conformance,
    Decision,
    Evidence,
    InForce,
    Manifest,
    Release,
    Review,
    Vote,
)
from tillway.governance.deciding import Situation, Standing, frozen, may_review, may_vote, standing
from tillway.governance.drift import Drift
from tillway.governance.enforcing import Enforcing
from tillway.governance.erasing import PERSONAL
from tillway.governance.evidence import Compared, Observed, compared, evidence
from tillway.governance.observing import numbered, observed, retirements
from tillway.governance.registry import UNUSED_DAYS, Entry, Seen, entry, registry
from tillway.governance.retiring import OBSERVED, StillUsed, ended, still_used, successor_of

__all__ = [
    "OBSERVED",
    "PERSONAL",
    "UNUSED_DAYS",
    "Accepted",
    "Change",
    "Compared",
    "Conformance",
    "Decision",
    "Drift",
    "Enforcing",
    "Entry",
    "Evidence",
    "InForce",
    "Manifest",
    "Observed",
    "Read",
    "Release",
    "Review",
    "Seen",
    "Situation",
    "Standing",
    "StillUsed",
    "Texts",
    "Vote",
    "changes",
    "compared",
    "drift",
    "ended",
    "entry",
    "evidence",
    "frozen",
    "landscape_of",
    "may_review",
    "may_vote",
    "numbered",
    "observed",
    "publishing",
    "registry",
    "releases",
    "retirements",
    "standing",
    "still_used",
    "successor_of",
    "tests_of",
]
