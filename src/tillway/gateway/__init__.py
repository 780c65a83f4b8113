"""The front door: every request passes its stages, one small file each, and reaches a handler as an `Ask`."""

from __future__ import annotations

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
from tillway.gateway.public import Ready, Secrets
from tillway.gateway.quota import Quotas
from tillway.gateway.strange import verdict

__all__ = [
    "NOT_CARDS",
    "PERSONAL",
    "Answer",
    "Ask",
    "Auditor",
    "Budget",
    "Door",
    "Failures",
    "Handler",
    "Leaving",
    "Observer",
    "Quotas",
    "Ready",
    "Secrets",
    "build",
    "forget",
    "nul_pointers",
    "verdict",
    "wait_allowed",
]
