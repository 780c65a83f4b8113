"""The words of change: a request, what machines say of it, votes, releases and nodes. Frozen values, no decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from tillway.landscape import ChangeKind, Verdict

Kind = Literal["change", "emergency", "rollback"]
State = Literal["open", "rejected", "published"]
Decision = Literal["approve", "reject"]
Outcome = Literal["confirmed", "to-be-undone"]
Criticality = Literal["critical", "high", "normal", "low"]


class Accepted(msgspec.Struct, frozen=True):
    """A consumer that a breaking change is known to break, by name, and why that is accepted."""

    consumer: str
    reason: str


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that changes: where, of which kind, what it means for others, and how critical what it touches is."""

    path: str
    kind: ChangeKind
    verdict: Verdict
    criticality: Criticality
    text: str


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer that breaks. `calls` were seen in the last 30 days; `accepted` is why that is taken."""

    consumer: str
    owner: str
    contact: str
    shops: tuple[str, ...] | None
    declared: bool
    calls: int
    changes: tuple[str, ...]
    accepted: str | None = None


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A service level of something that is touched. What is left of its error budget: None while nobody measures it."""

    service_level: str
    api: str
    target: float
    budget_left: float | None = None


class PolicyTests(msgspec.Struct, frozen=True, kw_only=True):
    """How the tests of policies that came along ended; those that failed by name."""

    passed: int
    failed: tuple[str, ...]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the house rules found, one line a finding: violations stop the change."""

    violations: tuple[str, ...]
    warnings: tuple[str, ...]


class Conformance(msgspec.Struct, frozen=True, kw_only=True):
    """Contract tests that were run elsewhere and came along: of which document, at which provider, what failed.

    `sha256` is of the document or pact that was held against the provider. The hub did not run them.
    """

    kind: Literal["contract", "pact"]
    provider: str
    document: str
    sha256: str
    at: datetime
    passed: bool
    failures: tuple[str, ...] = ()


class Rollback(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that there is a way back: what is in force was built again from what is kept, and is the same."""

    builds: bool
    restores: bool
    changes: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What machines say of a change. `rules` is None where no house rules were looked at. `blockers` stop it."""

    verdict: Verdict
    criticality: Criticality
    kinds: tuple[ChangeKind, ...]
    changes: tuple[Touched, ...]
    left_off: int
    consumers: tuple[Hit, ...]
    shops: tuple[str, ...]
    promises: tuple[Promise, ...]
    tests: PolicyTests
    rules: Rules | None
    rollback: Rollback
    blockers: tuple[str, ...]
    conformance: tuple[Conformance, ...] = ()


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """What one person decided, with the roles that their token had, of exactly the content with this hash."""

    person: str
    roles: tuple[str, ...]
    decision: Decision
    hash: str
    reason: str
    at: datetime


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """The after-review of an emergency: until when it is owed, and how it ended."""

    due: datetime
    at: datetime | None = None
    by: str | None = None
    outcome: Outcome | None = None
    note: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change request: `base` is the hash of what it was compared with, `hash` of what it proposes."""

    id: UUID
    kind: Kind
    state: State
    proposer: str
    proposer_kind: str
    reason: str
    base: str
    base_bundle: str
    hash: str
    bundle: str
    rolls_back_to: int | None
    evidence: Evidence
    proposed_at: datetime
    ended_at: datetime | None = None
    release: int | None = None
    review: Review | None = None
    votes: tuple[Vote, ...] = ()


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force in this database: the release, its hash and the digest of its texts."""

    release: int
    hash: str
    bundle: str
    activated_at: datetime


class Approval(msgspec.Struct, frozen=True):
    """Who agreed, for which boards, and when."""

    person: str
    boards: tuple[str, ...]
    at: datetime


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a release says of itself; these members are what the hub signs.

    `parent_digest` is the SHA-256 of the manifest before it: the newest signature vouches for all of them.
    """

    format: Literal["tillway-release-1"] = "tillway-release-1"
    number: int
    hash: str
    bundle: str
    parent: int | None
    parent_digest: str | None
    kind: Literal["files", "change", "emergency", "rollback"]
    change: UUID | None
    rolls_back_to: int | None = None
    proposed_by: str | None = None
    approvals: tuple[Approval, ...] = ()
    published_by: str
    activated_at: datetime


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release as it is kept: the manifest's very text, and the hub's signature over it."""

    manifest: Manifest
    text: str
    signature: str


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A process that enforces the landscape, as it told last. `release` is None for the landscape of its files."""

    id: UUID
    kind: str
    host: str
    pid: int
    directory: str
    version: str
    started_at: datetime
    beat_at: datetime
    alive: bool
    release: int | None
    hash: str
    error: str | None


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a directory of a host: the hash of its landscape, or why it is none, and since when."""

    host: str
    directory: str
    hash: str | None
    error: str | None
    since: datetime
