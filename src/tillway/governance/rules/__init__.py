"""House rules as code: each a sentence with a reason, an example and a check, asked of a landscape and its documents.

Everything here is pure: texts were read, the day is given, findings are returned.
"""

from __future__ import annotations

from tillway.governance.rules.registry import RULES, SUBJECTS, Finding, Report, Waived, check, subject
from tillway.governance.rules.rule import SEVERITIES, Rule, Severity, Subject

__all__ = [
    "RULES",
    "SEVERITIES",
    "SUBJECTS",
    "Finding",
    "Report",
    "Rule",
    "Severity",
    "Subject",
    "Waived",
    "check",
    "subject",
]
