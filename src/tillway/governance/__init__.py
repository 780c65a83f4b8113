"""What boards decide: house rules as code, change requests, releases, and their way to every node."""

from __future__ import annotations

from tillway.governance import changes, drift, publishing, releases
from tillway.governance.bundles import Texts, landscape_of, tests_of
from tillway.governance.change import Accepted, Change, Evidence, InForce, Manifest, Release, Review, Vote
from tillway.governance.deciding import Situation, Standing, frozen, may_review, may_vote, standing
from tillway.governance.drift import Drift
from tillway.governance.enforcing import Enforcing
from tillway.governance.erasing import PERSONAL
from tillway.governance.evidence import Compared, evidence

__all__ = [
    "PERSONAL",
    "Accepted",
    "Change",
    "Compared",
    "Drift",
    "Enforcing",
    "Evidence",
    "InForce",
    "Manifest",
    "Release",
    "Review",
    "Situation",
    "Standing",
    "Texts",
    "Vote",
    "changes",
    "drift",
    "evidence",
    "frozen",
    "landscape_of",
    "may_review",
    "may_vote",
    "publishing",
    "releases",
    "standing",
    "tests_of",
]
