"""`tillway process`: flows that wait for a person, looked at and acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tillway.cli.options import Json, Reason, State

if TYPE_CHECKING:
    from tillway.cli.asking import Hub

app = typer.Typer(no_args_is_help=True, help="Processes that cannot go on and wait for a person.")

Which = Annotated[str, typer.Argument(help="Id of the exception, or of the order or sale it is about.")]


@app.command("list")
def list_(state: State = None, as_json: Json = False) -> None:
    """What waits for a person, the oldest first."""
    from tillway.cli.telling import asked, moment, table, tell

    found = asked(state, lambda hub: hub.get("/exceptions"))
    rows = [
        (
            item["process"],
            item["subject"],
            f"{item['code']}: {item['detail']}",
            _money(item),
            item["owner"],
            moment(item["since"]),
            ", ".join(item["actions"]),
        )
        for item in found["exceptions"]
    ]
    titles = ("process", "about", "why", "at risk", "owner", "since (UTC)", "may be done")
    tell(found, as_json=as_json, otherwise=table(titles, rows, f"{len(rows)} exceptions"))


@app.command()
def show(which: Which, state: State = None, as_json: Json = False) -> None:
    """One exception and how it came to it, step by step."""
    from tillway.cli.telling import asked, moment, table, tell

    async def ask(hub: Hub) -> dict[str, Any]:
        return await hub.get(f"/exceptions/{await _id(hub, which)}")

    found = asked(state, ask)
    item = found["exception"]
    titles = ("at (UTC)", "was", "came of it", "then", "more")
    rows = [
        (moment(each["at"]), each["was"], each["event"], each["state"], each["detail"]) for each in found["transitions"]
    ]
    title = f"{item['process']} of {item['subject']}, {item['owner']}; may be done: {', '.join(item['actions'])}"
    tell(found, as_json=as_json, otherwise=table(titles, rows, title))


@app.command()
def act(
    which: Which,
    action: Annotated[str, typer.Argument(help="What to do: one of those that `tillway process list` names.")],
    reason: Reason,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Let an exception go on: retry it, cancel it, whatever its table allows."""
    from tillway.cli.telling import asked, tell

    async def ask(hub: Hub) -> dict[str, Any]:
        return await hub.post(f"/exceptions/{await _id(hub, which)}/actions", {"action": action, "reason": reason})

    done = asked(state, ask)
    told = f"{done['process']} of {done['subject']} goes on: {done['state']}; see `tillway trace {done['subject']}`"
    tell(done, as_json=as_json, otherwise=told)


async def _id(hub: Hub, which: str) -> str:
    """The exception's id; what is about an order or sale is found among those that wait."""
    from urllib.parse import quote

    waiting = (await hub.get("/exceptions"))["exceptions"]
    found = [item["id"] for item in waiting if which in (item["id"], item["subject"])]
    return quote(found[0] if len(found) == 1 else which, safe="")


def _money(item: dict[str, Any]) -> str | None:
    return None if item["money_at_risk"] is None else f"{item['money_at_risk']} {item['currency']}"
