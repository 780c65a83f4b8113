"""`tillway parked`: what could not be applied, looked at and acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from tillway.cli.options import DryRun, Json, Reason, State

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Events that a follower could not apply, and what waits behind them.")

Follower = Annotated[str, typer.Argument(help="Whose, as `tillway parked list` names it.")]
Position = Annotated[int, typer.Argument(help="The event's place in the journal.")]
Positions = Annotated[int | None, typer.Argument(help="The event's place in the journal; none for a group.")]
Key = Annotated[str | None, typer.Option("--key", help="Of a group, only this partition key.")]
Code = Annotated[str | None, typer.Option("--reason-code", help="Of a group, only those with this code of an error.")]
All = Annotated[bool, typer.Option("--all", help="A group: everything of this follower.")]
Pace = Annotated[float, typer.Option("--per-second", help="Of a group, how many fall due in a second.")]


@app.command("list")
def list_(
    state: State = None,
    follower: Annotated[str | None, typer.Option("--follower", help="Only of this follower.")] = None,
    as_json: Json = False,
) -> None:
    """What is parked, the oldest first."""
    from tillway.cli.telling import asked, tell

    chosen = {} if follower is None else {"follower": follower}
    found = asked(state, lambda hub: hub.get("/parked", **chosen))
    tell(found, as_json=as_json, otherwise=_table(found["parked"], f"{len(found['parked'])} parked events"))


@app.command()
def show(follower: Follower, position: Position, state: State = None, as_json: Json = False) -> None:
    """One parked event with what it says; personal members are masked."""
    from tillway.cli.telling import asked, escaped, table, tell

    found = asked(state, lambda hub: hub.get(_path(follower, position)))
    item, event = found["parked"], found["event"] or {}
    rows: list[tuple[str, Any]] = [(name, item[name]) for name in item if item[name] not in (None, False)]
    rows += [("waiting behind", found["behind"])]
    rows += [(f"event {name}", escaped(value)) for name, value in event.items() if name in ("type", "subject", "data")]
    tell(found, as_json=as_json, otherwise=table(("what", "is"), rows))


@app.command()
def retry(
    follower: Follower,
    reason: Reason,
    position: Positions = None,
    key: Key = None,
    reason_code: Code = None,
    everything: All = False,
    per_second: Pace = 5.0,
    dry_run: DryRun = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Try one parked event now, or a follower's parked events one after another."""
    if position is not None:
        _one(state, follower, position, "retry", reason, as_json=as_json)
    else:
        _meant(key, reason_code, everything=everything)
        group = {"partitionkey": key, "reason_code": reason_code, "per_second": per_second, "dry_run": dry_run}
        _group(state, "retry", {"follower": follower, "reason": reason, **group}, as_json=as_json)


@app.command()
def skip(
    follower: Follower,
    reason: Reason,
    position: Positions = None,
    key: Key = None,
    reason_code: Code = None,
    everything: All = False,
    per_second: Pace = 5.0,
    dry_run: DryRun = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Let one parked event go without effect, or a follower's parked events one after another."""
    if position is not None:
        _one(state, follower, position, "skip", reason, as_json=as_json)
    else:
        _meant(key, reason_code, everything=everything)
        group = {"partitionkey": key, "reason_code": reason_code, "per_second": per_second, "dry_run": dry_run}
        _group(state, "skip", {"follower": follower, "reason": reason, **group}, as_json=as_json)


@app.command()
def hold(
    follower: Follower,
    reason: Reason,
    key: Key = None,
    reason_code: Code = None,
    everything: All = False,
    dry_run: DryRun = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Stop a group wherever it is: its events wait for a person, nothing is lost."""
    _meant(key, reason_code, everything=everything)
    group = {"partitionkey": key, "reason_code": reason_code, "dry_run": dry_run}
    _group(state, "hold", {"follower": follower, "reason": reason, **group}, as_json=as_json)


def _meant(key: str | None, reason_code: str | None, *, everything: bool) -> None:
    """A forgotten position is no group."""
    if key is None and reason_code is None and not everything:
        raise typer.BadParameter("give a position, or a group by --key, --reason-code or --all")


def _path(follower: str, position: int) -> str:
    return f"/parked/{quote(follower, safe='')}/{position}"


def _one(state: Path | None, follower: str, position: int, act: str, reason: str, *, as_json: bool) -> None:
    from tillway.cli.telling import acted, tell

    done = acted(state, f"{_path(follower, position)}/{act}", {"reason": reason})
    told = "is tried" if act == "retry" else "is let go"
    tell(done, as_json=as_json, otherwise=f"the event at {position} {told} within seconds, then what waits behind it")


def _group(state: Path | None, act: str, body: dict[str, Any], *, as_json: bool) -> None:
    from tillway.cli.telling import acted, moment, tell

    done = acted(state, f"/parked/{act}", body)
    if done["dry_run"]:
        tell(done, as_json=as_json, otherwise=_table(done["sample"], f"{done['chosen']} would be taken; the first:"))
        return
    until = "" if done["until"] is None else f", the last at {moment(done['until'])} UTC"
    left = done["chosen"] - done["taken"]
    rest = f"; {left} are left" if left and act != "hold" else ""
    tell(done, as_json=as_json, otherwise=f"{act}: {done['taken']} of {done['chosen']} events{until}{rest}")


def _table(items: list[dict[str, Any]], title: str) -> Table:
    from tillway.cli.telling import moment, table

    titles = ("follower", "position", "key", "why", "at stake", "tried", "next (UTC)", "owner", "note")
    rows = [
        (
            item["follower"],
            item["position"],
            item["partitionkey"],
            "waits behind" if item["behind"] else f"{item['reason']}: {item['detail']}",
            item["value_at_stake"],
            item["attempts"],
            moment(item["next_attempt"]),
            item["owner"],
            item["note"],
        )
        for item in items
    ]
    return table(titles, rows, title)
