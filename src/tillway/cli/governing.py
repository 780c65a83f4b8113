"""The commands of change control; what they do stands in `changing`, which is imported when one runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tillway.cli.options import DryRun, Json, Reason, State

ChangeId = Annotated[str, typer.Argument(help="Id of the change, as `tillway changes` names it.")]


def propose(
    reason: Reason,
    directory: Annotated[Path | None, typer.Argument(help="The landscape that is wanted (default: the hub's).")] = None,
    base: Annotated[str | None, typer.Option("--base", help="Hash that it was compared with.")] = None,
    emergency: Annotated[bool, typer.Option("--emergency", help="The short way; an after-review is owed.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", help="CONSUMER=REASON: it breaks, and that is accepted.")
    ] = None,
    conformance: Annotated[
        list[Path] | None, typer.Option("--conformance", help="What `tillway conformance --json` told; goes along.")
    ] = None,
    dry_run: DryRun = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Propose a changed landscape, and see what it means. Exit code 1 when it cannot be published as it is."""
    from tillway.cli.changing import propose as run

    body = {"reason": reason, "emergency": emergency, "dry_run": dry_run} | ({} if base is None else {"base": base})
    run(directory, state, body, accept or [], conformance or [], as_json=as_json)


def approve(change: ChangeId, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Agree to a change as it is now: people only, never who proposed it."""
    from tillway.cli.changing import approve as run

    run(state, change, reason, as_json=as_json)


def reject(change: ChangeId, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Reject a change, or withdraw your own."""
    from tillway.cli.changing import reject as run

    run(state, change, reason, as_json=as_json)


def publish(change: ChangeId, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Put an approved change in force: every node prepares it, then all take it over at once."""
    from tillway.cli.changing import publish as run

    run(state, change, reason, as_json=as_json)


def rollback(
    release: Annotated[int, typer.Argument(help="Number of the release, as `tillway releases` names it.")],
    reason: Reason,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Propose to go back to a release: one other person approves, then it is published like any other."""
    from tillway.cli.changing import rollback as run

    run(state, release, reason, as_json=as_json)


def review(
    change: ChangeId,
    reason: Reason,
    undo: Annotated[bool, typer.Option("--undo", help="It is to be undone; default: it is confirmed.")] = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Make the after-review that an emergency owes."""
    from tillway.cli.changing import review as run

    run(state, change, "to-be-undone" if undo else "confirmed", reason, as_json=as_json)


def changes(
    of_state: Annotated[str | None, typer.Option("--in", help="open, rejected or published.")] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Change requests, newest first, and what each waits for."""
    from tillway.cli.changing import changes as run

    run(state, of_state, as_json=as_json)


def releases(state: State = None, as_json: Json = False) -> None:
    """Releases, newest first: who proposed and who approved each."""
    from tillway.cli.changing import releases as run

    run(state, as_json=as_json)


def nodes(state: State = None, as_json: Json = False) -> None:
    """The processes that enforce the landscape, which release each runs, and drift with its age."""
    from tillway.cli.changing import nodes as run

    run(state, as_json=as_json)


def permits(state: State = None, as_json: Json = False) -> None:
    """How many calls each ERP gets at once, who waits for it, and how fast it answers."""
    from tillway.cli.rationing import permits as run

    run(state, as_json=as_json)


COMMANDS: Final[tuple[Callable[..., Any], ...]] = (
    propose,
    approve,
    reject,
    publish,
    rollback,
    review,
    changes,
    releases,
    nodes,
    permits,
)
"""In the order in which a change meets them."""
