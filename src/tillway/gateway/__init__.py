"""The front door: every request passes its stages, one small file each, and reaches a handler as an `Ask`."""

from __future__ import annotations

from tillway.gateway.answering import JSON, Outgoing
from tillway.gateway.app import Door, Observer, build
from tillway.gateway.ask import Answer, Ask, Handler
from tillway.gateway.auditing import Auditor
from tillway.gateway.body import nul_pointers
from tillway.gateway.budget import Budget
from tillway.gateway.cards import NOT_CARDS
from tillway.gateway.deadline import wait_allowed
from tillway.gateway.erasing import PERSONAL
from tillway.gateway.failures import Failures
from tillway.gateway.idempotency import forget
from tillway.gateway.leaving import Leaving
from tillway.gateway.metrics import BUCKETS
from tillway.gateway.notices import HOOKS, Notices
from tillway.gateway.people import SIGN_IN_PATH, Visitor
from tillway.gateway.pipeline import Request
from tillway.gateway.public import Pages, Ready, Secrets, Shown, Who
from tillway.gateway.quota import Quotas
from tillway.gateway.strange import verdict
from tillway.gateway.upstream import Upstreams

__all__ = [
    "BUCKETS",
    "HOOKS",
    "JSON",
    "NOT_CARDS",
    "PERSONAL",
    "SIGN_IN_PATH",
    "Answer",
    "Ask",
    "Auditor",
    "Budget",
    "Door",
    "Failures",
    "Handler",
    "Leaving",
    "Notices",
    "Observer",
    "Outgoing",
    "Pages",
    "Quotas",
    "Ready",
    "Request",
    "Secrets",
    "Shown",
    "Upstreams",
    "Visitor",
    "Who",
    "build",
    "forget",
    "nul_pointers",
    "verdict",
    "wait_allowed",
]
