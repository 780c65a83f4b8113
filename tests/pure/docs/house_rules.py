"""The block made from the house rules: by subject, each with what must hold, why, and what helps."""

from __future__ import annotations

from tests.pure.docs.pages import table

from tillway.governance.rules import SUBJECTS


def rules() -> str:
    """Every rule; examples are told by `tillway check --explain`."""
    titles = ["rule", "severity", "what must hold", "why", "what helps"]
    return "\n\n".join(
        f"### {title}\n\n"
        + table(titles, [[f"`{each.id}`", each.severity, each.sentence, each.why, each.remedy] for each in of_subject])
        for title, of_subject in SUBJECTS.items()
    )
