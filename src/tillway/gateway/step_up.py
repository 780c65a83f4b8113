"""Beside the fifth stage: what is most dangerous asks a person to have signed in just now, and an operator is told of.

An operator's token is no person's: whoever has it is on the machine itself. It passes, and never quietly.
"""

from __future__ import annotations

import logging
from datetime import datetime

from tillway.contracts import Operation
from tillway.identity import BREAK_GLASS, STEP_UP, NotAuthenticated, Principal

log = logging.getLogger("tillway.operators")


def stepped_up(who: Principal, operation: Operation, now: datetime, correlation: str) -> None:
    """NotAuthenticated (RFC 9470) for a person who signed in too long ago for this operation."""
    if who.kind == "operator":
        if operation.step_up or who.holder == BREAK_GLASS:
            held = "a break-glass token" if who.holder == BREAK_GLASS else "the operator's token"
            log.warning("%s asked for by %s %s, correlation %s", operation.id, held, who.token_id, correlation)
    elif who.kind == "person" and operation.step_up:
        if who.auth_time is not None and now - who.auth_time <= STEP_UP:
            return
        seconds = f"{STEP_UP.total_seconds():.0f}"
        raise NotAuthenticated(
            f"{operation.id} is for people who signed in within the last {seconds} seconds",
            remedy=f"sign in again at /console/sign-in?max_age={seconds}, then get a new token",
            error="insufficient_user_authentication",
            max_age=seconds,
        )
