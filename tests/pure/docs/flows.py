"""Blocks made from the process definitions: what starts them, how they go, what a person may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from tests.pure.docs.pages import table

from tillway.processes import Definition, drawing, every
from tillway.processes.deciding import allowed

# A definition is bound to a database and to back offices only where its steps are run.
NOWHERE = cast("Any", None)

DEFINITIONS: tuple[Definition, ...] = every(NOWHERE, NOWHERE)


def processes() -> str:
    """Every flow: facts, drawing, steps."""
    return "\n\n".join(_process(each) for each in DEFINITIONS)


def _process(definition: Definition) -> str:
    facts = table(
        ["started by", "version", "owner", "deadline", "ends", "actions on an exception"],
        [
            [
                f"`{definition.starts_on}`",
                str(definition.version),
                definition.owner,
                _hours(definition.deadline),
                ", ".join(f"`{end}`" for end in sorted(definition.ends)),
                ", ".join(f"`{action}`" for action in allowed(definition)),
            ]
        ],
    )
    steps = table(
        ["step", "kind", "undone by", "waits between attempts"],
        [
            [
                f"`{step.state}`",
                step.tag,
                f"`{step.compensation}`" if step.compensation else "",
                ", ".join(f"{wait.total_seconds():g}" for wait in step.retry) + " s",
            ]
            for step in definition.steps
        ],
    )
    return f"## {definition.name}\n\n{facts}\n\n```mermaid\n{drawing(definition)}\n```\n\n{steps}"


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"
