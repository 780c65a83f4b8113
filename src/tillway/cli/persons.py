"""`tillway person`: who is signed in, and one person suspended."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from tillway.cli.options import Json, Reason, State

app = typer.Typer(
    no_args_is_help=True, help="People who operate the hub: who is signed in, suspended and let in again."
)

_TIMES = ("since", "seen_at", "ends_at")

Person = Annotated[
    str, typer.Argument(help="Their name here, person:..., as `tillway person list` and the audit tell it.")
]


@app.command("list")
def list_(state: State = None, as_json: Json = False) -> None:
    """Who is signed in, with their roles."""
    from tillway.cli.telling import asked, moment, table, tell

    found = asked(state, lambda hub: hub.get("/people"))
    rows = [
        (each["person"], each["name"] or "", each["by"], ", ".join(each["roles"]), *(moment(each[at]) for at in _TIMES))
        for each in found["people"]
    ]
    tell(found, as_json=as_json, otherwise=table(("person", "name", "by", "roles", "since", "seen", "ends"), rows))


@app.command()
def suspend(
    person: Person,
    reason: Reason,
    until: Annotated[
        str | None, typer.Option("--until", help="When it ends by itself, e.g. 2026-11-24T08:00:00Z; none: by hand.")
    ] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """End every sign-in and token of a person on every node within two seconds, and let them in no more."""
    from tillway.cli.telling import asked, moment, tell

    body = {"reason": reason} | ({} if until is None else {"until": until})
    done = asked(state, lambda hub: hub.put(_path(person), body))
    ends = f"until {moment(done['until'])}" if done["until"] else "until they are resumed"
    tell(done, as_json=as_json, otherwise=f"{person} is suspended {ends}")


@app.command()
def resume(person: Person, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Let a suspended person sign in again."""
    from tillway.cli.telling import asked, tell

    asked(state, lambda hub: hub.delete(f"{_path(person)}?{urlencode({'reason': reason})}"))
    tell({"person": person, "state": "resumed"}, as_json=as_json, otherwise=f"{person} may sign in again")


def _path(person: str) -> str:
    return f"/people/{quote(person, safe='')}/suspension"
