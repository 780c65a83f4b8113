"""HTTP without a retail word: problems, bodies, and which request this is."""

from __future__ import annotations

from tillway.web.incoming import ClientGone, Incoming, TooSlow
from tillway.web.problems import MethodNotAllowed, Problem, render, status_of
from tillway.web.trace import Trace, begun, continued, correlation, parse_traceparent

__all__ = [
    "ClientGone",
    "Incoming",
    "MethodNotAllowed",
    "Problem",
    "TooSlow",
    "Trace",
    "begun",
    "continued",
    "correlation",
    "parse_traceparent",
    "render",
    "status_of",
]
